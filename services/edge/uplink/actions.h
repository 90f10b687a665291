// The actions of a lane set for its transport.
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
/// Deliver LaneWritten at once; otherwise it may wait for the owner's next turn.
struct AwaitLane {
  LaneId lane = 0;
};
/// Half-close: nothing more will be written. The stream's end comes as LaneDead.
struct FinishLane {
  LaneId lane = 0;
};
/// Cancel the stream at once. Its later events are ignored.
struct AbortLane {
  LaneId lane = 0;
};
using Action = std::variant<OpenLane, WriteBatch, AwaitLane, FinishLane, AbortLane>;

}  // namespace lowband::edge::uplink
