// The limits of `lowband sync`, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace lowband::tools {

/// Event ids remembered to recognise printed events: some days of a busy account.
inline constexpr size_t kRecentEventsMax = 16384;
/// A cursor is some dozens of bytes; a file that holds more is another file.
inline constexpr size_t kCursorBytesMax = 4096;
/// Deeper JSON than the servers' own limits allow.
inline constexpr int kJsonDepthMax = 128;
/// Rooms of one batch that are named for missing events.
inline constexpr size_t kGapsShownMax = 20;
/// Code points of an event that one readable line shows.
inline constexpr size_t kShownTextMax = 100;

/// Waits between attempts double up to this.
inline constexpr std::chrono::seconds kReconnectWaitMax{60};
/// Least interval of polls without news, however fast they are answered.
inline constexpr std::chrono::seconds kPollInterval{1};
/// Time for an answer beyond the server's permitted wait.
inline constexpr std::chrono::seconds kAnswerMargin{60};
/// Wait for the answer to a ping after an alert about a lost session, which anyone can forge.
inline constexpr std::chrono::seconds kAlertPatience{4};
/// How long the end waits for the server to confirm it.
inline constexpr std::chrono::seconds kDeregisterWait{5};

}  // namespace lowband::tools
