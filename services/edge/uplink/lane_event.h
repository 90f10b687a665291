// The events of a lane set's transport.
//
// Ownership: values, moved along. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <string>
#include <variant>

#include "lowband/v1/translator.pb.h"
#include "services/edge/uplink/actions.h"

namespace lowband::edge::uplink {

/// The stream is up.
struct LaneOpened {
  LaneId lane = 0;
  /// The translator's address, as gRPC writes it; empty: unknown. Lanes to the same address are
  /// replaced sooner, to find others.
  std::string replica;
};
/// The last batch is written; the next one may follow.
struct LaneWritten {
  LaneId lane = 0;
};
struct LaneBatch {
  LaneId lane = 0;
  v1::TranslatorBatch batch;
};
/// The stream ended, for any reason. Ids of dead lanes are not used again.
struct LaneDead {
  LaneId lane = 0;
};
using LaneEvent = std::variant<LaneOpened, LaneWritten, LaneBatch, LaneDead>;

}  // namespace lowband::edge::uplink
