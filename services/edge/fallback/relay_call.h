// One relayed transfer with a translator, as a client's connection sees it: it writes and reads
// piece by piece, and is woken when there is news.
//
//   ─Open─▶ open ─first event─▶ relaying ─end of answer─▶ ended
//
// Mostly many of them share a stream (relay_lane.h); with a translator that does not know how, each
// is a call of its own (single_call.h).
//
// Threading: one thread, the connection's; gRPC's threads only leave word. Ownership: the
// destructor cancels the transfer and leaves the rest to gRPC's threads. Limits: of the request's
// body one piece under way, of the answer's the window given.
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

/// How a call ended; the causes that the connection tells apart.
enum class CallEnd : uint8_t {
  kServed,    ///< The answer is whole.
  kNotTaken,  ///< No translator has looked at it: may be repeated.
  kOverload,  ///< The translator has too many.
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

/// Where calls go; shared by all connections.
class RelayChannel {
 public:
  virtual ~RelayChannel() = default;
  class Call {
   public:
    virtual ~Call() = default;
    /// A piece of the body, at most contract::kChunkBytesMax. One at a time: the next after
    /// CallWritten.
    virtual void Write(std::string piece) = 0;
    /// Nothing more will be written; `had_body`: and the body is whole. Not while a piece is under
    /// way.
    virtual void EndWrites(bool had_body) = 0;
    /// What was received is gone: `window` bytes of the answer's body may come now. Once after
    /// some CallReceived.
    virtual void ReadNext(size_t window) = 0;
    /// It was not opened in time: others had better not be sent the same way.
    virtual void Distrust() {}
    /// What has happened, oldest first; nothing after CallEnded. `events` is cleared before.
    virtual void Drain(std::vector<CallEvent>& events) = 0;
  };
  /// Starts a call; its first event is CallOpened or CallEnded, and CallWritten comes of `request`.
  /// So many bytes of the answer's body as `window` may come before ReadNext(). The waker is told,
  /// by any thread, when there is something to drain and was not before. Any thread; does not wait.
  virtual std::unique_ptr<Call> Open(Waker waker, v1::RelayRequest request, size_t window) = 0;
};

/// By gRPC, to config.target. Its destructor waits until gRPC has let go of all calls, which are to
/// be gone. The counters are shared with gRPC's threads.
std::unique_ptr<RelayChannel> MakeRelayChannel(const uplink::TransportConfig& config,
                                               std::shared_ptr<RelayLaneCounters> counters);

}  // namespace lowband::edge::fallback
