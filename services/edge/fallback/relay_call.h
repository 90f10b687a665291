// One Relay call to a translator, as a client's connection sees it: it writes and reads piece by
// piece, and is woken when there is news.
//
//   ─Open─▶ open ─first event─▶ relaying ─end of answer─▶ ended (status)
//
// Threading: one thread, the connection's; gRPC's threads only push into the mailbox. Ownership:
// the destructor cancels the call and leaves the rest to gRPC's threads, which own the reactor
// until they are done with it. Limits: one piece under way in each direction. Spec: gRPC's callback
// API, grpcpp/support/client_callback.h.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "services/edge/fallback/wake_queue.h"
#include "services/edge/uplink/lane_transport.h"

namespace lowband::v1 {
class RelayChunk;
}

namespace lowband::edge::fallback {

/// How a call ended; the causes that the connection tells apart.
enum class CallEnd : uint8_t {
  kServed,    ///< The answer is whole.
  kNotTaken,  ///< No translator has looked at it: may be repeated.
  kOverload,  ///< The translator has too many.
  kBroken,
};

struct CallOpened {};
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
    /// One at a time: the next after CallWritten.
    virtual void Write(v1::RelayChunk chunk) = 0;
    /// Nothing more will be written; `had_body`: and the body is whole. Not while a piece is under
    /// way.
    virtual void EndWrites(bool had_body) = 0;
    /// Asks for the next CallReceived; once for each. The first is asked for by Open.
    virtual void ReadNext() = 0;
    /// What has happened, oldest first; nothing after CallEnded. `events` is cleared before.
    virtual void Drain(std::vector<CallEvent>& events) = 0;
  };
  /// Starts a call; its first event is CallOpened or CallEnded. The waker is told, by any thread,
  /// when there is something to drain and was not before. Any thread; does not wait.
  virtual std::unique_ptr<Call> Open(Waker waker) = 0;
};

/// By gRPC, to config.target.
std::unique_ptr<RelayChannel> MakeRelayChannel(const uplink::TransportConfig& config);

}  // namespace lowband::edge::fallback
