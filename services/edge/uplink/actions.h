// What a lane set asks of its transport.
//
// Ownership: values, moved along. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstdint>
#include <variant>

#include "lowband/v1/translator.pb.h"

namespace lowband::edge::uplink {

/// Unique for the life of a lane set; counts from 1.
using LaneId = uint64_t;

/// Open a stream; answer with LaneOpened or LaneDead.
struct OpenLane {
  LaneId lane = 0;
};
/// Write a batch; answer with LaneWritten (the lane is ready for the next) or LaneDead.
struct WriteBatch {
  LaneId lane = 0;
  v1::EdgeBatch batch;
};
/// Say LaneWritten at once; unless asked to, it may wait until the owner's loop turns anyway.
struct AwaitLane {
  LaneId lane = 0;
};
/// Half-close: nothing more will be written. The stream's end comes as LaneDead.
struct FinishLane {
  LaneId lane = 0;
};
/// Cancel the stream at once. What else comes of it is ignored.
struct AbortLane {
  LaneId lane = 0;
};
using Action = std::variant<OpenLane, WriteBatch, AwaitLane, FinishLane, AbortLane>;

}  // namespace lowband::edge::uplink
