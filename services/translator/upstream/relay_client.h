// Streams whole HTTP transfers to the one configured homeserver and back: libcurl multi with epoll
// on a thread of its own, so that bulk data never delays the small exchanges of UpstreamClient.
//
// Threading: all members from any thread, but Drain and the destructor not from an event. Events
// run on the client's thread and must not block; they may call every other member. Ownership: the
// client owns its thread and joins it in the destructor; it shares the events until the last of
// them. Limits: limits.h; the caller bounds the number of transfers. Spec: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "services/translator/mapping/http.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/upstream/config.h"

namespace lowband::translator::upstream {

struct RelayCounters;  // relay_counters.h: atomics, read by the metrics

/// The events of one transfer. Their order: OnProceed at most once; OnAnswer; OnData, each after
/// the one before was taken; OnEnd. OnFault may come instead of any of them. No event comes after
/// OnEnd, OnFault or a processed Cancel.
class RelayEvents {
 public:
  virtual ~RelayEvents() = default;
  /// The homeserver has taken the body's last piece, or needs the first: give one more.
  virtual void OnBodyWanted() = 0;
  /// The client may send the body (RFC 9110 §10.1.1); only if the client sent Expect.
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

  /// Gives a transfer its id before it starts, so that its events can use it.
  Id Reserve();
  /// Events always come on the client's thread, possibly before Start returns.
  void Start(Id id, mapping::RelayHead head, std::shared_ptr<RelayEvents> events);
  /// A piece of the request's body, at most kRelayPieceBytesMax; one for each OnBodyWanted.
  void Body(Id id, std::string piece);
  /// The body has ended. Needed if the head has no Content-Length.
  void BodyEnd(Id id);
  /// The data of the last OnData has been used.
  void Taken(Id id);
  /// The rest is not wanted. A running event may still finish. Unknown ids are ignored, here and
  /// above.
  void Cancel(Id id);

  /// Waits until nothing is under way or `limit` has passed, then ends the rest with kStopping.
  /// Later starts end so at once.
  void Drain(Duration limit);

  const RelayCounters& counters() const;
  /// Transfers started whose last event has not yet returned.
  size_t in_flight() const;
  /// libcurl's text for the last fault, for logs: hosts and addresses, nothing of a request.
  std::string last_fault() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::translator::upstream
