// A relayed transfer as a single gRPC call, with a translator of an earlier version, which does not
// support relay lanes. It costs some 15 KiB more than on a lane.
//
// Threading: MakeSingleCall any; the call as in relay_call.h. Ownership: gRPC's threads own the
// reactor until its OnDone. Limits: one piece under way in each direction, and gRPC's
// window, contract::kStreamWindowBytes. Spec: gRPC's callback API,
// grpcpp/support/client_callback.h.
#pragma once

#include <memory>

#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/fallback/relay_call.h"

namespace lowband::edge::fallback {

/// Held by each stream until gRPC has released it and its channel: the last channel must not be
/// destroyed on one of gRPC's own threads, since its destructor would wait for that thread.
using StreamToken = std::shared_ptr<void>;

std::unique_ptr<RelayChannel::Call> MakeSingleCall(StreamToken token,
                                                   std::shared_ptr<v1::Translator::Stub> stub,
                                                   Waker waker, v1::RelayRequest request);

/// The end, by a stream's status, of a transfer on it that has not ended yet.
CallEnd EndOf(const grpc::Status& status);

}  // namespace lowband::edge::fallback
