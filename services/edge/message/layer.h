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
// A duplicate gets what was sent last for it: nothing yet, the empty ACK, or the same piggybacked
// bytes. Once these had to make room for others it arrives as a new request, which may be carried
// out anew unless it says answer_lost. A NON request is answered by NON and its duplicates are
// ignored; a request inside an ACK (deployed clients fetch the further blocks of a CON so) is
// answered by CON.
//
// How long a CON waits for its ACK follows the round trips of its session (libs/coap); the time
// until it is given up does not.
//
// Once acknowledged, a client waits for ever. An answer that was given up is therefore kept for
// EXCHANGE_LIFETIME and sent anew as soon as anything comes from its session, under the same ID. A
// notification is kept for Revive(): a client that has it already may know it again by its message
// ID. Where the client has used that ID itself lately, it gets another.
//
// When a message that is not small was repeated in vain, RepeatedInVain asks the layer above
// whether a smaller one shall take its place.
//
// When as many CONs are under way as there may be, the oldest of the network that has most of them
// is given up early, as if its time were over. An answer that finds no place even so, since the
// clients of all are known to the homeserver and of networks with no more, goes as NON and is kept
// as if given up.
//
// NSTART (RFC 7252 §4.7) is not 1: every answer that is ready goes out, so that a long poll does
// not hold up the rest; limits.h bounds how many.
//
// A session that was quiet for EXCHANGE_LIFETIME costs nothing here, but for what it did not
// acknowledge, and the name of its network.
//
// Threading: one worker thread. Ownership: copies what it is given; what is drained is valid until
// the next call of the same kind (Receive for events, any that sends for messages). Limits:
// limits.h. Spec: RFC 7252 §4, §5.2.
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

/// What a duplicate of an answered CON is worth.
enum class OnDuplicate : uint8_t {
  /// The answer is kept and sent again.
  kRepeat,
  /// A piggybacked answer is not kept: a duplicate arrives as a new request. For requests that
  /// are cheap to answer alike again, such as blocks of a body that is kept anyway (RFC 7252 §4.5
  /// allows that for idempotent ones).
  kAskAgain,
};

class Layer {
 public:
  /// `random` and `ledgers` outlive the layer; those were made with config.ProcessLimits(), for all
  /// workers.
  Layer(const Config& config, Random& random, admission::MessageLedgers& ledgers, unsigned worker);

  /// Whose the session is: told when it begins, and when its address changes. Without that it is of
  /// one network with all others of which nothing was told.
  void SetNetwork(SessionId session, admission::Network network);
  /// The homeserver knows its client. REQUIRES: its network was told, else nothing happens.
  void Prove(SessionId session);

  /// Another worker that has to make room for a client of this one: its Relieve() is to be called.
  std::optional<unsigned> PollRelief();
  /// Another worker's PollRelief() named this one. Drain after it.
  void Relieve(TimePoint now);

  /// One datagram of a session, as the DTLS stage delivered it. `sequence`: RequestRef::sequence.
  void Receive(TimePoint now, SessionId session, ByteView datagram, uint64_t sequence = 0);
  /// Answers a request. `message` comes from coap::MessageWriter; type and message ID are stamped
  /// here. Answering twice, or a request of a forgotten session, does nothing.
  /// The id is 0 unless the answer went as CON.
  SendId Respond(TimePoint now, const RequestRef& ref, Bytes message,
                 OnDuplicate on_duplicate = OnDuplicate::kRepeat);
  /// Ends a request whose client wants no response (RFC 7967): a CON and its duplicates get the
  /// empty ACK, and nothing follows.
  void RespondNothing(TimePoint now, const RequestRef& ref);
  /// As Respond(), always as CON, so that its fate is told: an answer that rides on an ACK is never
  /// acknowledged itself. The id is 0 when too many CONs are under way; it then went as NON.
  SendId RespondConfirmably(TimePoint now, const RequestRef& ref, Bytes message);
  /// As Respond(), but as CON where there is room for one: for a client that asks for what follows
  /// in the ACK. Each side then repeats what it lost after our timeout, not after its own,
  /// which is 9 s for deployed clients. A CON is acknowledged by the empty message first.
  SendId RespondChained(TimePoint now, const RequestRef& ref, Bytes message);
  /// The client showed that it has the answer to this request: the answer is not kept any more, and
  /// a duplicate that is still on its way gets nothing.
  void Settle(TimePoint now, const RequestRef& ref);
  /// Sends a message of our own accord, as CON (a notification). The id is 0, and nothing was
  /// sent, when too many CONs are under way (kConfirmablesPerSessionMax, confirmables_max).
  SendId SendConfirmable(TimePoint now, SessionId session, Bytes message);
  /// Sends a notification that was given up once more, under the message ID it had: no other
  /// message of ours gets that meanwhile. True, too, if it is still under way; false if its fate is
  /// known, or it could not be kept.
  bool Revive(TimePoint now, SessionId session, SendId id);
  /// Sends the same message once more, and so on as before.
  void Repeat(const RepeatedInVain& in_vain);
  /// Sends `message` in place of the one that was not heard: a CON under an ID of its own, since
  /// two messages differ, and what it answers stays the same; as the piggybacked answer that
  /// duplicates get from here on. The id is 0 unless it goes as CON.
  SendId Replace(TimePoint now, const RepeatedInVain& in_vain, Bytes message);
  /// Stops retransmitting, or keeping for Revive(); no event follows.
  void Abandon(TimePoint now, SessionId session, SendId id);
  /// The session ended: drops all it has, without events.
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
  /// CONs of ours that wait for their ACK, of one session and of all.
  size_t UnacknowledgedOf(SessionId session) const;
  size_t unacknowledged() const { return confirmables_.size(); }
  /// Sessions that cost memory here at present, and the bytes of answers kept for duplicates.
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
