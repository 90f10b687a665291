// Streams whole HTTP transfers to the one configured homeserver and back: libcurl multi with epoll
// on a thread of its own, so that bulk data never delays the small exchanges of UpstreamClient.
//
// Threading: all members from any thread, but Drain and the destructor not from an event. Events
// run on the client's thread and must not block; they may call every other member. Ownership: the
// client owns its thread and joins it in the destructor; it shares the events until the last of
// them. Limits: limits.h; who starts transfers bounds their number. Spec: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "services/translator/mapping/http.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/upstream/config.h"

namespace lowband::translator::upstream {

struct RelayCounters;  // relay_counters.h: atomics, read by the metrics

/// What comes of one transfer. The order: OnProceed at most once; OnAnswer; OnData, each when the
/// one before was taken; OnEnd. OnFault may come in the place of any of them. Nothing comes after
/// OnEnd or OnFault, nor once Cancel was seen.
class RelayEvents {
 public:
  virtual ~RelayEvents() = default;
  /// The homeserver takes the body's last piece, or the first is wanted: give one more.
  virtual void OnBodyWanted() = 0;
  /// The client may send the body (RFC 9110 §10.1.1); only when it expects to be told.
  virtual void OnProceed() = 0;
  virtual void OnAnswer(mapping::RelayAnswer answer) = 0;
  /// Not empty, at most kRelayPieceBytesMax. No more comes before Taken().
  virtual void OnData(std::string data) = 0;
  virtual void OnEnd() = 0;
  virtual void OnFault(mapping::UpstreamFault fault) = 0;
};

class RelayClient {
 public:
  using Id = uint64_t;

  /// Throws ConfigError naming the flag when the homeserver's URL or the CA file is unusable.
  explicit RelayClient(const UpstreamConfig& config);
  ~RelayClient();

  /// Names a transfer before it starts, so that its events can know the name.
  Id Reserve();
  /// Events come on the client's thread always, possibly before Start returns.
  void Start(Id id, mapping::RelayHead head, std::shared_ptr<RelayEvents> events);
  /// A piece of the request's body, at most kRelayPieceBytesMax; one for each OnBodyWanted.
  void Body(Id id, std::string piece);
  /// The body has ended. Needed where the head does not tell its length.
  void BodyEnd(Id id);
  /// The last OnData is done with.
  void Taken(Id id);
  /// Nobody wants the rest. An event that is running may still finish. Unknown names are ignored,
  /// here and above.
  void Cancel(Id id);

  /// Waits until nothing is under way or `limit` has passed, then ends the rest with kStopping.
  /// What is started from now on ends so at once.
  void Drain(Duration limit);

  const RelayCounters& counters() const;
  /// Transfers started whose last event has not yet returned.
  size_t in_flight() const;
  /// libcurl's words for the last fault, for logs: hosts and addresses, nothing of a request.
  std::string last_fault() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::translator::upstream
