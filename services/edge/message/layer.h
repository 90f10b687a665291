// The CoAP message layer of all sessions of one worker: reliability and deduplication. Sans-IO.
//
// Of a request that came as CON:
//
//   arrived ──answer within ack_delay──▶ answered by piggyback (the ACK carries it)
//      │
//      └──ack_delay passed: empty ACK──▶ acknowledged ──answer──▶ separate CON ──ACK──▶ done
//                                                                  │ retransmitted 4 times
//                                                                  └──93 s──▶ undelivered
//
// A duplicate gets the last message sent for it: none yet, the empty ACK, or the same piggybacked
// bytes. If those have made room, it arrives as a new request, which may be carried out anew unless
// answer_lost is set. A NON request is answered by NON, and its duplicates are ignored; a request
// inside an ACK (deployed clients fetch the further blocks of a CON in this way) is answered by
// CON.
//
// The retransmission timeout of a CON follows the round trips of its session (libs/coap); the time
// until it is given up does not.
//
// A client whose request was acknowledged waits for ever. So an answer that was given up is kept
// for EXCHANGE_LIFETIME and sent anew, with the same ID, as soon as a message comes from its
// session. A notification is kept for Revive(): a client that has it can recognise it by its
// message ID. If the client itself has used that ID lately, the message gets another one.
//
// When a message that is not small was retransmitted in vain, RepeatedInVain asks the layer above
// whether a smaller one shall replace it.
//
// When the limit of CONs under way is reached, the oldest CON of the network that has most is given
// up early, as if its time were over. If none can be given up, since all clients are proven and no
// network has more, a new answer goes as NON and is kept as if given up.
//
// NSTART (RFC 7252 §4.7) is not 1: every answer that is ready is sent, so that a long poll does not
// delay others; limits.h bounds their number.
//
// A session that was quiet for EXCHANGE_LIFETIME uses no memory here, except for messages without
// acknowledgement, and its network.
//
// Threading: one worker thread. Ownership: copies its inputs; drained views are valid until the
// next call of the same kind (Receive for events, calls that send for messages). Limits: limits.h.
// Spec: RFC 7252 §4, §5.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "libs/base/bytes.h"
#include "libs/base/packet_queue.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/admission/message_ledgers.h"
#include "services/edge/admission/prefix.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/config.h"
#include "services/edge/message/counters.h"
#include "services/edge/message/deduplication.h"
#include "services/edge/message/event.h"
#include "services/edge/message/places.h"
#include "services/edge/message/retransmission.h"
#include "services/edge/message/session.h"

namespace lowband::edge::message {

/// The treatment of a duplicate of an answered CON.
enum class OnDuplicate : uint8_t {
  /// The answer is kept and sent again.
  kRepeat,
  /// A piggybacked answer is not kept: a duplicate arrives as a new request. For requests that are
  /// cheap to answer again with the same bytes, such as blocks of a body that is kept anyway (RFC
  /// 7252 §4.5 allows that for idempotent ones).
  kAskAgain,
};

class Layer {
 public:
  /// `random` and `ledgers` outlive the layer. The ledgers are for all workers, made with
  /// config.ProcessLimits().
  Layer(const Config& config, Random& random, admission::MessageLedgers& ledgers, unsigned worker);

  /// Sets the network of a session, when it begins and when its address changes. Sessions without
  /// this call share one network.
  void SetNetwork(SessionId session, admission::Network network);
  /// Its client is proven. No effect before SetNetwork().
  void Prove(SessionId session);

  /// Another worker that has to make room for a client of this one: the caller calls its Relieve().
  std::optional<unsigned> PollRelief();
  /// Another worker's PollRelief() named this one. Drain after it.
  void Relieve(TimePoint now);

  /// One datagram of a session, as the DTLS stage delivered it. `sequence`: RequestRef::sequence.
  void Receive(TimePoint now, SessionId session, ByteView datagram, uint64_t sequence = 0);
  /// Answers a request. `message` comes from coap::MessageWriter; type and message ID are set here.
  /// A second answer, or one for a forgotten session, has no effect. The id is 0 unless the answer
  /// went as CON.
  SendId Respond(TimePoint now, const RequestRef& ref, Bytes message,
                 OnDuplicate on_duplicate = OnDuplicate::kRepeat);
  /// Ends a request whose client wants no response (RFC 7967): a CON and its duplicates get the
  /// empty ACK, and nothing follows.
  void RespondNothing(TimePoint now, const RequestRef& ref);
  /// As Respond(), but always as CON, so that its fate becomes known: a piggybacked answer is never
  /// acknowledged. The id is 0 if too many CONs are under way; the answer then went as NON.
  SendId RespondConfirmably(TimePoint now, const RequestRef& ref, Bytes message);
  /// As Respond(), but as CON if there is room for one: for a client that asks for the next block
  /// in the ACK. Each loss is then repaired after the edge's timeout, not after the client's, which
  /// is 9 s for deployed clients. A CON request gets an empty ACK first.
  SendId RespondChained(TimePoint now, const RequestRef& ref, Bytes message);
  /// The client has shown that it has the answer to this request: the answer is no longer kept, and
  /// a late duplicate gets no answer.
  void Settle(TimePoint now, const RequestRef& ref);
  /// Sends a message that answers no request, as CON (a notification). The id is 0, and nothing was
  /// sent, if too many CONs are under way (kConfirmablesPerSessionMax, confirmables_max).
  SendId SendConfirmable(TimePoint now, SessionId session, Bytes message);
  /// Sends a notification that was given up once more, with its message ID, which stays reserved
  /// for it. True also if it is still under way; false if its fate is known, or it could not be
  /// kept.
  bool Revive(TimePoint now, SessionId session, SendId id);
  /// Sends the same message again, and goes on retransmitting.
  void Repeat(const RepeatedInVain& in_vain);
  /// Sends `message` in place of the unacknowledged one. A CON gets a new message ID, since its
  /// content differs, and still answers the same request; a piggybacked answer replaces the one for
  /// duplicates. The id is 0 unless it goes as CON.
  SendId Replace(TimePoint now, const RepeatedInVain& in_vain, Bytes message);
  /// Stops retransmitting it, or keeping it for Revive(); no event follows.
  void Abandon(TimePoint now, SessionId session, SendId id);
  /// The session has ended: drops its state, without events.
  void Forget(SessionId session);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// Drained after every call above, until both are empty.
  std::optional<Event> PollEvent();
  std::optional<Transmit> PollTransmit();

  const Counters& counters() const { return counters_; }
  /// Requests that arrived and are not answered yet, of one session and of all.
  size_t UnansweredOf(SessionId session) const;
  size_t unanswered() const { return requests_.unanswered(); }
  /// CONs that wait for their ACK, of one session and of all.
  size_t UnacknowledgedOf(SessionId session) const;
  size_t unacknowledged() const { return confirmables_.size(); }
  /// Sessions with state here, and the bytes of answers kept for duplicates.
  size_t session_count() const { return sessions_.size(); }
  size_t answer_bytes() const { return requests_.answer_bytes(); }

 private:
  struct Queued {
    enum class Kind : uint8_t {
      kRequest,
      kDelivered,
      kRejected,
      kUnusable,
      kUndelivered,
      kActive,
      kRepeatedInVain,
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
  /// Sessions without a message since their last Undelivered.
  std::unordered_set<SessionId> silent_;
  Deduplication requests_;
  Retransmission confirmables_;
  Places places_;
  std::unordered_map<SessionId, Owner> owners_;
  PacketQueue<Queued> events_;  // With the datagram of a request.
  /// Reported after events_: the caller may be reading the datagram of one.
  std::deque<Undelivered> given_up_early_;
  PacketQueue<SessionId> out_;
};

}  // namespace lowband::edge::message
