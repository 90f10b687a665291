// A CoAP client over DTLS or plain UDP: one connection, sans-IO. The command line tools, the load
// generator and the tests use it; it is no part of the services.
//
//   Connect ──▶ handshake (with cookie, optional CID and ticket) ──▶ ready
//   Request ──▶ Block1 upload if large ──▶ CON, retransmitted ──▶ piggybacked or separate answer
//           ──▶ Block2 download if large ──▶ Response event
//   Observe ──▶ as above; an answer with the Observe option begins an observation
//           ──▶ Notification events ──▶ ObservationEnded event
//
// One mutation (Connect, Send, Receive, Advance, …), then drain: PollTransmit and PollEvent until
// they are empty, then sleep until NextDeadline.
//
// Threading: one thread. Ownership: drained views are valid until the next call.
// Limits: limits.h. Spec: RFC 7252, RFC 7641, RFC 7959, RFC 6347, RFC 9146.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "libs/base/bytes.h"
#include "libs/base/packet_queue.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "libs/client/config.h"
#include "libs/client/dtls_channel.h"
#include "libs/client/event.h"
#include "libs/client/message_layer.h"
#include "libs/client/observation.h"
#include "libs/client/path_size.h"
#include "libs/client/sticky_options.h"
#include "libs/client/tokens.h"
#include "libs/client/transfer.h"

namespace lowband::client {

class Session {
 public:
  /// `random` outlives the session. A configuration that mbedTLS refuses ends in Disconnected.
  Session(const Config& config, Random& random);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Connect(TimePoint now);
  /// The request ends in one Response or one RequestFailed event with this id.
  RequestId Send(TimePoint now, Request request);
  /// Send of a GET or FETCH, with the option Observe added. If the Response has that option too,
  /// the observation has begun: Notifications follow, and one ObservationEnded. If it has none, the
  /// server does not support observing this resource, and only the Response comes.
  RequestId Observe(TimePoint now, Request request);
  /// Cancels the observation at the server; ObservationEnded comes when it has confirmed, or did
  /// not answer. Notifications that come meanwhile are refused.
  void Unobserve(TimePoint now, RequestId id);
  /// Ends a request without an event; its answer will be ignored. For an observation the next
  /// notification gets an RST, which ends it at the server.
  void Cancel(RequestId id);
  /// An empty CON, answered by RST (RFC 7252 §4.3): checks that path and session work.
  void Ping(TimePoint now);
  /// close_notify. Requests that have no answer yet fail with kClosed.
  void Close(TimePoint now);

  void Receive(TimePoint now, ByteView datagram);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<ByteView> PollTransmit();

  Traffic traffic() const;
  /// For resumption by a later session (Config::resume); empty if the server gave no ticket.
  Bytes SaveTicket() const;

 private:
  enum class State : uint8_t { kIdle, kConnecting, kReady, kClosed };
  // Requests are numbered from 1.
  static constexpr RequestId kPing = 0;

  void Introduce(RequestId id, Request& request);
  void SendNext(TimePoint now, RequestId id);
  void OnMessage(TimePoint now, ByteView bytes);
  void OnResponse(TimePoint now, const coap::MessageView& message);
  void OnAcknowledged(TimePoint now, RequestId id);
  void OnDone(RequestId id);
  /// Ends a request with a suppressed answer.
  void OnUnanswered(RequestId id);
  void OnReset(RequestId id);
  void OnExpired(RequestId id);
  void OnDue(TimePoint now, const MessageLayer::Due& due);
  void OnOverdue(TimePoint now, RequestId id);
  /// Whether the request was acknowledged, and its answer may have been too large for the path.
  bool MayAskAnew(RequestId id) const;
  /// True: a message with smaller blocks replaces the due one.
  bool SendSmaller(TimePoint now, const MessageLayer::Due& due);
  /// False: no token is free.
  bool RenewToken(RequestId id, Transfer& transfer);
  void Fail(RequestId id, Failure failure);
  void End(RequestId id, bool answered);

  /// False: the message is for the request that began the observation.
  bool OnObserved(TimePoint now, RequestId id, const coap::MessageView& message);
  void OnRepresentation(TimePoint now, RequestId id, const coap::MessageView& message);
  void OnLast(RequestId id, const coap::MessageView& message);
  void DeliverObserved(RequestId id, Response response);
  void EndObservation(RequestId id, ObservationEnd reason);
  /// Without an event.
  void EraseObservation(RequestId id);
  void AbandonFetch(Observation& observation);
  /// The observation whose body request `fetch` fetches, or none.
  std::optional<RequestId> FetchedBy(RequestId fetch) const;
  void FailFetch(RequestId fetch, RequestId id, Failure failure);

  void FollowChannel(TimePoint now);
  void Flush(TimePoint now);
  void Disconnect(std::string detail);

  Config config_;
  Random& random_;
  State state_ = State::kIdle;
  std::unique_ptr<DtlsChannel> channel_;  ///< Null over plain UDP.
  MessageLayer messages_;
  Tokens tokens_;
  StickyOptions sticky_;
  PathSize path_;
  std::unordered_map<RequestId, Transfer> requests_;
  /// By the request that registered it, whose token it has.
  std::map<RequestId, Observation> observations_;
  TimerQueue<RequestId> answer_deadlines_;
  std::deque<RequestId> waiting_;  ///< For the handshake.
  RequestId next_id_ = kPing + 1;
  std::optional<RequestId> introducer_;  ///< The request that sends Config::user_agent, or did.
  std::deque<Event> events_;
  struct None {};
  PacketQueue<None> plain_out_;
  Traffic traffic_;
};

}  // namespace lowband::client
