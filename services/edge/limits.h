// The limits of the edge as a whole; each stage has its own beside them.
#pragma once

#include <chrono>
#include <cstddef>

namespace lowband::edge {

/// Worker threads. The worker's number must fit the first byte of a Connection ID.
inline constexpr size_t kWorkersMax = 64;
/// What waits in a worker's mailbox: datagrams that landed on the wrong worker, lane events.
inline constexpr size_t kMailboxItemsMax = 8192;
/// Batches of datagrams a turn, so that lanes and timers are never starved by a flood.
inline constexpr size_t kBatchesPerTurnMax = 4;
static_assert(kWorkersMax <= 256);

/// A turn of a worker, or of a loop of HTTP on TCP, that takes longer hangs, and only a new process
/// helps: /healthz says so.
inline constexpr std::chrono::seconds kTurnMax{30};

/// A worker that stops ends its sessions in steps of this length, half of it more or less...
inline constexpr std::chrono::milliseconds kDrainStep{50};
/// ...and in each step so many at least: 200 a second.
inline constexpr size_t kDrainStepSessionsMin = 10;
/// In the first half of the drain, a session heard of so lately is left to finish what it does.
inline constexpr std::chrono::seconds kDrainQuiet{2};

}  // namespace lowband::edge
