// The limits of `lowband sync`, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace lowband::tools {

/// Event ids remembered to tell what was printed already: some days of a busy account.
inline constexpr size_t kRecentEventsMax = 16384;
/// A cursor is some dozens of bytes; a file that holds more is another file.
inline constexpr size_t kCursorBytesMax = 4096;
/// Deeper JSON than the servers' own limits let through.
inline constexpr int kJsonDepthMax = 128;
/// Rooms of one batch that are named for the events missing in them.
inline constexpr size_t kGapsShownMax = 20;
/// Code points of an event that one readable line shows.
inline constexpr size_t kShownTextMax = 100;

/// Waits between attempts double up to this.
inline constexpr std::chrono::seconds kReconnectWaitMax{60};
/// Polls that bring nothing are no closer together than this, however fast they are answered.
inline constexpr std::chrono::seconds kPollInterval{1};
/// What an answer may take beyond the time that the server was allowed to wait.
inline constexpr std::chrono::seconds kAnswerMargin{60};
/// How long a ping may go unanswered after an alert, which anyone can forge, said that the session
/// is gone.
inline constexpr std::chrono::seconds kAlertPatience{4};
/// How long the end waits for the server to confirm it.
inline constexpr std::chrono::seconds kDeregisterWait{5};

}  // namespace lowband::tools
