// The implementation of a session: its pending requests, and the effect of each message on them.
//
//   session.cc   requests, pings, the channel and the events
//   observe.cc   observations: what comes more than once for one request
//
// Threading: one thread. Ownership: as session.h says.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "libs/base/packet_queue.h"
#include "libs/base/timer_queue.h"
#include "libs/client/dtls_channel.h"
#include "libs/client/limits.h"
#include "libs/client/message_layer.h"
#include "libs/client/observation.h"
#include "libs/client/path_size.h"
#include "libs/client/session.h"
#include "libs/client/sticky_options.h"
#include "libs/client/tokens.h"
#include "libs/client/transfer.h"

namespace lowband::client {

class Session::Impl {
 public:
  Impl(const Config& config, Random& random)
      : config_(config),
        random_(random),
        messages_(config, random),
        path_(std::min(config.block_szx, kBlockSzxMax)) {}

  void Connect(TimePoint now);
  RequestId Send(TimePoint now, Request request);
  RequestId Observe(TimePoint now, Request request);
  void Unobserve(TimePoint now, RequestId id);
  void Cancel(RequestId id);
  void Ping(TimePoint now);
  void Close(TimePoint now);
  void Receive(TimePoint now, ByteView datagram);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<ByteView> PollTransmit();
  const Traffic& traffic();
  Bytes SaveTicket() const { return channel_ ? channel_->SaveTicket() : Bytes{}; }

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
