// The limits of the edge as a whole; each stage has its own limits.h.
#pragma once

#include <chrono>
#include <cstddef>

namespace lowband::edge {

/// Worker threads. The worker's number must fit the first byte of a Connection ID.
inline constexpr size_t kWorkersMax = 64;
/// Items in a worker's mailbox: datagrams for this worker that reached another one, calls.
inline constexpr size_t kMailboxItemsMax = 8192;
/// Batches of datagrams a turn, so that lanes and timers are never starved by a flood.
inline constexpr size_t kBatchesPerTurnMax = 4;
static_assert(kWorkersMax <= 256);

/// A turn of a worker, or of a loop of HTTP on TCP, that takes longer hangs, and only a restart
/// helps: /healthz fails.
inline constexpr std::chrono::seconds kTurnMax{30};

/// A worker that stops ends its sessions in steps of this length, plus or minus half of it...
inline constexpr std::chrono::milliseconds kDrainStep{50};
/// ...and at least this many in each step: 200 a second.
inline constexpr size_t kDrainStepSessionsMin = 10;
/// In the first half of the drain, a session that was active this recently may finish its work.
inline constexpr std::chrono::seconds kDrainQuiet{2};

}  // namespace lowband::edge
