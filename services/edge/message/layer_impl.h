// The parts of the message layer, put together; layer.h says what it does.
//
// Threading: one worker thread. Spec: RFC 7252 §4.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "libs/base/packet_queue.h"
#include "libs/base/timer_queue.h"
#include "services/edge/message/counters.h"
#include "services/edge/message/deduplication.h"
#include "services/edge/message/layer.h"
#include "services/edge/message/places.h"
#include "services/edge/message/retransmission.h"
#include "services/edge/message/session.h"

namespace lowband::edge::message {

class Layer::Impl {
 public:
  Impl(const Config& config, Random& random, admission::MessageLedgers& ledgers, unsigned worker);

  // room.cc: for whom what a session has is counted.
  void SetNetwork(SessionId session_id, admission::Network network);
  void Prove(SessionId session_id);
  void Relieve(TimePoint now);
  std::optional<unsigned> PollRelief();

  // receive.cc: what a datagram means.
  void Receive(TimePoint now, SessionId session_id, ByteView datagram, uint64_t sequence);

  // send.cc: what goes out.
  SendId Respond(TimePoint now, const RequestRef& ref, Bytes message, OnDuplicate on_duplicate);
  void RespondNothing(TimePoint now, const RequestRef& ref);
  SendId RespondConfirmably(TimePoint now, const RequestRef& ref, Bytes message);
  SendId RespondChained(TimePoint now, const RequestRef& ref, Bytes message);
  SendId SendConfirmable(TimePoint now, SessionId session_id, Bytes message);
  bool Revive(TimePoint now, SessionId session_id, SendId id);
  void Repeat(const Unheard& unheard);
  SendId Replace(TimePoint now, const Unheard& unheard, Bytes message);

  // layer.cc: what time and limits do.
  void Settle(TimePoint now, const RequestRef& ref);
  void Abandon(TimePoint now, SessionId session_id, SendId id);
  void Forget(SessionId session_id);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<Transmit> PollTransmit();

  const Counters& counters() const { return counters_; }
  const Deduplication& requests() const { return requests_; }
  const Retransmission& confirmables() const { return confirmables_; }
  size_t session_count() const { return sessions_.size(); }
  size_t UnansweredOf(SessionId session_id) const;
  size_t UnacknowledgedOf(SessionId session_id) const;

 private:
  struct Queued {
    enum class Kind : uint8_t {
      kRequest,
      kDelivered,
      kRejected,
      kUnusable,
      kUndelivered,
      kHeard,
      kUnheard,
    };
    Kind kind;
    SessionId session;
    SendId id;
    RequestRef request = {};
    bool answer_lost = false;
    bool again = false;
    size_t bytes = 0;
    unsigned repeats = 0;
  };

  // receive.cc
  void ReceiveParsed(TimePoint now, SessionId session_id, const coap::MessageView& message,
                     ByteView datagram);
  void ReceiveMalformed(SessionId session_id, ByteView datagram);
  void ReceiveNew(TimePoint now, SessionId session_id, const coap::MessageView& message,
                  ByteView datagram);
  void ReceivePing(TimePoint now, SessionId session_id, const coap::MessageView& message);
  void ReceiveRequest(TimePoint now, SessionId session_id, const coap::MessageView& message,
                      ByteView datagram);
  void ReceiveResponse(TimePoint now, SessionId session_id, const coap::MessageView& message);
  void ReceiveDuplicate(SessionId session_id, Deduplication::Entry request);
  void ReceiveReply(TimePoint now, SessionId session_id, const coap::MessageView& message,
                    ByteView datagram);
  void ReceiveFollowUp(TimePoint now, SessionId session_id, Session& session, uint16_t message_id,
                       SendId acknowledges, ByteView datagram);
  void EndConfirmable(SessionId session_id, Session& session, SendId id, Queued::Kind fate);
  void Hear(TimePoint now, Session& session, uint16_t message_id);

  // send.cc
  void Piggyback(TimePoint now, Session& session, Deduplication::Entry request, Bytes message,
                 OnDuplicate on_duplicate);
  SendId RespondSeparately(TimePoint now, Session& session, Deduplication::Entry request,
                           Bytes message);
  SendId SendSeparately(TimePoint now, Session& session, Deduplication::Entry request,
                        Bytes message);
  void SendUnreliably(TimePoint now, Session& session, Deduplication::Entry request, Bytes message);
  SendId SendUntilAcknowledged(TimePoint now, SessionId session_id, Session& session, uint16_t near,
                               uint64_t request, Bytes message);
  void SendOnce(TimePoint now, SessionId session_id, Session& session, uint16_t near,
                Bytes message);
  void SendEmpty(SessionId session_id, coap::Type type, uint16_t message_id);
  void RetryUndelivered(TimePoint now, SessionId session_id);
  void SendAnew(TimePoint now, SessionId session_id, Session& session, SentConfirmable& sent,
                Bytes message);
  void RepeatConfirmable(SendId id);

  // room.cc
  void MoveTo(SessionId session_id, const Owner& owner);
  Owner OwnerOf(SessionId session_id) const;
  [[nodiscard]] bool TakePlace(TimePoint now, SessionId session_id, const Session& session);
  std::optional<Confirmable> EndWait(SendId id);
  void GiveUp(TimePoint now, SendId id);
  void GiveUpTooMany(TimePoint now);
  void EvictTooMany(TimePoint now);

  // layer.cc
  Session& Touch(TimePoint now, SessionId session_id);
  Session* Find(SessionId session_id);
  void Ignore(TimePoint now, Session& session, uint16_t message_id);
  void KeepWithinLimits(TimePoint now, Session& session);
  void Evict(TimePoint now, Deduplication::Entry request);
  void LeaveUntold(SendId id);
  void EndRequest(Session& session, uint64_t serial);
  void Expire(TimePoint now);

  Config config_;
  Random& random_;
  Counters counters_;
  uint64_t last_serial_ = 0;
  uint64_t sequence_ = 0;  ///< Of the record that is being received.
  std::unordered_map<SessionId, Session> sessions_;
  TimerQueue<SessionId> session_ends_;
  /// Nothing came from them since it was told that something was given up.
  std::unordered_set<SessionId> silent_;
  Deduplication requests_;
  Retransmission confirmables_;
  Places places_;
  std::unordered_map<SessionId, Owner> owners_;
  PacketQueue<Queued> events_;  // with the datagram of a request
  /// To be told after events_: whoever sends may be reading the datagram of one.
  std::deque<Undelivered> given_up_early_;
  PacketQueue<SessionId> out_;
};

}  // namespace lowband::edge::message
