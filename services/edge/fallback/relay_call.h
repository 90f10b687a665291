// One relayed transfer with a translator, for a client's connection: the connection writes and
// reads piece by piece, and is woken when there are events.
//
//   ─Open─▶ open ─first event─▶ relaying ─end of answer─▶ ended
//
// Usually many of them share a stream (relay_lane.h); if the translator does not support that, each
// is a single call (single_call.h).
//
// Threading: the connection's thread; gRPC's threads only add events and wake it. Ownership: the
// destructor cancels the transfer; gRPC's threads free the rest. Limits: one piece of the request's
// body under way; of the answer's body, the window given.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "services/edge/fallback/counters.h"
#include "services/edge/fallback/wake_queue.h"
#include "services/edge/uplink/lane_transport.h"

namespace lowband::v1 {
class RelayChunk;
class RelayRequest;
}  // namespace lowband::v1

namespace lowband::edge::fallback {

/// How a call ended, as far as the connection has to distinguish it.
enum class CallEnd : uint8_t {
  kServed,    ///< The answer is complete.
  kNotTaken,  ///< No translator has begun it: may be repeated.
  kOverload,  ///< The translator has too many transfers.
  kBroken,
};

struct CallOpened {};
/// The request, or the last piece of its body, is on its way.
struct CallWritten {};
struct CallReceived {
  std::unique_ptr<v1::RelayChunk> chunk;
};
struct CallEnded {
  CallEnd end = CallEnd::kBroken;
};
using CallEvent = std::variant<CallOpened, CallWritten, CallReceived, CallEnded>;

/// Makes the calls; shared by all connections.
class RelayChannel {
 public:
  virtual ~RelayChannel() = default;
  class Call {
   public:
    virtual ~Call() = default;
    /// Sends a piece of the body, at most contract::kChunkBytesMax. One at a time: the next after
    /// CallWritten.
    virtual void Write(std::string piece) = 0;
    /// There are no more pieces; `had_body`: there was a body, and it is complete. Not while a
    /// piece is under way.
    virtual void EndWrites(bool had_body) = 0;
    /// The received pieces are gone: `window` bytes of the answer's body may come now. Once after
    /// some CallReceived.
    virtual void ReadNext(size_t window) = 0;
    /// The call was not opened in time: further calls should avoid its lane.
    virtual void Distrust() {}
    /// The events, oldest first; none after CallEnded. `events` is cleared before.
    virtual void Drain(std::vector<CallEvent>& events) = 0;
  };
  /// Starts a call; its first event is CallOpened or CallEnded; CallWritten confirms `request`.
  /// `window` bytes of the answer's body may come before ReadNext(). The first event after a Drain
  /// uses the waker, on any thread. Call it on any thread; does not wait.
  virtual std::unique_ptr<Call> Open(Waker waker, v1::RelayRequest request, size_t window) = 0;
};

/// Over gRPC, to config.target. Destroy all calls before it; its destructor waits until gRPC has
/// released them. The counters are shared with gRPC's threads.
std::unique_ptr<RelayChannel> MakeRelayChannel(const uplink::TransportConfig& config,
                                               std::shared_ptr<RelayLaneCounters> counters);

}  // namespace lowband::edge::fallback
