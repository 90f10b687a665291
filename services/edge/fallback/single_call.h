// A relayed transfer as a gRPC call of its own, with a translator that knows no relay lanes: one of
// an earlier version. It costs some 15 KiB more than on a lane.
//
// Threading: MakeSingleCall any; the call as relay_call.h says. Ownership: gRPC's threads own the
// reactor until they are done with it. Limits: one piece under way in each direction, and gRPC's
// window, contract::kStreamWindowBytes. Spec: gRPC's callback API,
// grpcpp/support/client_callback.h.
#pragma once

#include <memory>

#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/fallback/relay_call.h"

namespace lowband::edge::fallback {

/// Held by each stream until gRPC has let go of it, its channel included: the last channel must not
/// end on one of gRPC's own threads, which that would wait for.
using StreamToken = std::shared_ptr<void>;

std::unique_ptr<RelayChannel::Call> MakeSingleCall(StreamToken token,
                                                   std::shared_ptr<v1::Translator::Stub> stub,
                                                   Waker waker, v1::RelayRequest request);

/// What the status of a stream means for a transfer on it that has not ended.
CallEnd EndOf(const grpc::Status& status);

}  // namespace lowband::edge::fallback
