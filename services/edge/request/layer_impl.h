// The parts of the request layer, put together; layer.h says what it does.
//
// Threading: one worker thread. Spec: RFC 7252 §5, RFC 7641, RFC 7959, MSC3079.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/timer_queue.h"
#include "services/edge/request/block1.h"
#include "services/edge/request/block2.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/exchange_table.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/observation.h"
#include "services/edge/request/refusal.h"
#include "services/edge/request/response.h"
#include "services/edge/request/rooms.h"
#include "services/edge/request/silence.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/validation.h"

namespace lowband::edge::request {

class Layer::Impl {
 public:
  Impl(const Config& config, message::Layer& messages, Random& random,
       admission::RequestLedgers& ledgers, unsigned worker, HeardAt heard_at);

  // layer.cc: sessions and time.
  void OpenSession(TimePoint now, SessionId session_id, const SocketAddress& peer,
                   size_t passed_bytes, uint64_t lineage);
  void MovePeer(SessionId session_id, const SocketAddress& peer);
  void CloseSession(SessionId session_id);
  void Handle(TimePoint now, const message::Event& event);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Command> PollCommand();

  // answers.cc: what goes back.
  void Complete(TimePoint now, Answer answer);

  // observe.cc: what is watched.
  void MakeObservable(TimePoint now, ExchangeId id);

  // waiting.cc: what waits for its turn, after any call that may have ended something.
  void ServeLine(TimePoint now);

  // room.cc: who makes room for whom.
  /// After any call: what lost its reason ends, what is too much makes room, what waits takes what
  /// is free.
  void Settle(TimePoint now);
  void Relieve(TimePoint now);
  std::optional<SessionId> PollProven();
  std::optional<SessionId> PollWorked();
  std::optional<SessionEnd> PollEnd();
  std::optional<unsigned> PollRelief();

  // windows.cc: what comes, and is asked for, piece by piece.
  void TakePiece(TimePoint now, const AnswerPiece& piece);
  /// After any call that may have dropped a body.
  void ClearUp(TimePoint now);

  const Counters& counters() const { return counters_; }
  size_t exchanges_in_flight() const { return exchanges_.size(); }
  Load LoadOf(TimePoint now, SessionId session_id) const;
  Usage usage() const;

 private:
  struct WaitingRequest {
    Exchange exchange;
    v1::Request request;
    TimePoint due;
    Booking booking;
  };
  struct WaitingUpload {
    message::RequestRef ref;
    coap::Token token;
    BodyForm form;
    BodyPiece piece;  ///< Its first block, without its payload.
    Bytes payload;
    TimePoint due;
    Booking booking;
    Booking bytes;
  };
  struct Session {
    std::string client_address;
    admission::Holder holder;
    TimePoint began;
    Sticky sticky;
    Silence silence;
    TimePoint token_expected_until;  ///< It is young, or a request may just have got it a token.
    std::vector<ExchangeId> exchanges;
    std::deque<WaitingRequest> waiting;
    std::deque<WaitingUpload> waiting_uploads;
    /// The words that an observation has ended, until their fate is known.
    std::vector<message::SendId> farewells;
    bool in_line = false;     ///< In `line_`.
    bool narrow = false;      ///< Its path takes only small datagrams, as far as is known.
    message::SendId probe;    ///< The first small message; set while its fate may say otherwise.
    size_t passed_bytes = 0;  ///< The largest message that is known to have reached its client.
  };
  /// A request on its way through the checks.
  struct Incoming {
    const message::RequestArrived& arrived;
    Session& session;
    RequestOptions options;
    BodyForm form;
    AccessToken token;           ///< What it goes with: the one that it names, or the session's.
    bool names_token = false;    ///< It has option 256, be that empty.
    bool token_refused = false;  ///< The session's, by the homeserver, before.
  };
  /// What a body is when it is whole.
  struct WholeBody {
    ByteView bytes;
    Booking booking;
    std::optional<uint32_t> content_format;
    std::optional<coap::Block> block1;
  };

  /// The message that begins a response, or is all of it.
  struct FirstMessage {
    Bytes message;
    std::optional<PinnedBodies::Entry> pinned;  ///< The body, where it is kept.
    bool whole = false;                         ///< Nothing follows.
  };
  struct SentBlock {
    message::SendId id;
    bool last = false;
  };
  /// What makes a response a notification; all 0: it is none.
  struct Notification {
    ObservationId observation = 0;
    uint32_t number = 0;
  };

  // requests.cc: what comes.
  void HandleRequest(TimePoint now, const message::RequestArrived& arrived);
  /// The one that a request names, or else the session's.
  transcode::KeyTable KeyTableOf(const RequestOptions& options, const Sticky& sticky) const;
  void TellWhatIsHere(TimePoint now, const Incoming& incoming);
  void TakeSticky(TimePoint now, Incoming& incoming);
  void TakeToken(TimePoint now, Incoming& incoming);
  void HandleBlock(TimePoint now, const Incoming& incoming, const coap::Block& block);
  void Start(TimePoint now, const Incoming& incoming, WholeBody body);
  v1::Request WriteRequest(const Incoming& incoming, const WholeBody& body) const;
  void AskForWindow(const Incoming& incoming, v1::Request& request) const;
  void RestartHeld(TimePoint now, SessionId session_id, Session& session);
  void Restart(TimePoint now, Session& session, ExchangeTable::Entry exchange);
  /// That a request like this counts for.
  static size_t PlacesOf(const v1::Request& request);

  // waiting.cc
  bool HasRoom(const Session& session) const;
  /// Neither room to start a request nor to have it wait.
  std::optional<Refusal> CheckLimits(const Session& session) const;
  void StartOrWait(TimePoint now, SessionId id, Session& session, Exchange exchange,
                   v1::Request request);
  /// Neither is changed, and false returned, when the process, or its token, has no room.
  bool Launch(TimePoint now, Session& session, Exchange& exchange, v1::Request& request);
  bool TakePlaces(TimePoint now, const Session& session, Exchange& exchange);
  void JoinLine(SessionId id, Session& session);
  bool MustWait(TimePoint now, const Incoming& incoming, const coap::Block& block);
  void WaitToUpload(TimePoint now, const Incoming& incoming, const BodyPiece& piece);
  void ServeUploads(TimePoint now, SessionId id, Session& session);
  WaitingUpload TakeWaitingUpload(Session& session);
  void SetWaitTimer(TimePoint now, SessionId id, const Session& session);
  void OnWaitDue(TimePoint now, SessionId id);
  void DropWaiting(SessionId id, Session& session);

  // room.cc
  void MakeRoomIn(TimePoint now, LedgerShare& share);
  void MakeRoomAmongTokens(TimePoint now);
  /// It makes room for others.
  void GiveUp(TimePoint now, const Held& held);
  void GiveUpWaiting(TimePoint now, const Held& held);
  void GiveUpExchange(TimePoint now, ExchangeTable::Entry exchange);
  /// It counts as a poll from now on.
  void BecomePoll(TimePoint now, ExchangeTable::Entry exchange);
  /// Books what the session has for another address, or standing.
  void Rebook(SessionId id, Session& session, const admission::Holder& to);
  /// The homeserver took this token of the session.
  void Prove(TimePoint now, SessionId id, Session& session, const AccessToken& token);
  void AskForRelief(std::optional<unsigned> worker);

  // silence.cc
  void ShowToken(TimePoint now, SessionId id, Session& session, const AccessToken& token);
  void JoinNamesakes(TimePoint now, SessionId id, TimePoint began, admission::ClientId client,
                     Kinship& kinship);
  void LeaveNamesakes(Kinship& kinship);
  /// A newer session of the client has begun than they are.
  void LookAtNamesakes(TimePoint now, admission::ClientId client);
  void TakeNewsOfClients(TimePoint now);
  /// There may be something to gain by asking, once it is silent.
  void WatchSilence(TimePoint now, SessionId id, const Silence& silence);
  void ForgetSilence(SessionId id, Silence& silence);
  void CheckSilent(TimePoint now);
  void CheckSilence(TimePoint now, SessionId id, Session& session);
  /// True: it was about a ping.
  bool TakePingFate(TimePoint now, const message::Event& event);
  void OnPingedInVain(TimePoint now, SessionId id, const Silence& silence);

  // answers.cc
  void Refuse(TimePoint now, const Incoming& incoming, const Refusal& refusal);
  void RespondRefused(TimePoint now, const message::RequestRef& ref, const coap::Token& token,
                      BodyForm form, const Refusal& refusal, uint8_t no_response = 0);
  void HandleFollowUp(TimePoint now, const Incoming& incoming);
  /// A request for a further block that is carried out like one for the first (block2.h).
  bool IsFetchedAnew(TimePoint now, const Incoming& incoming);
  /// Answers with a block of a body that is kept.
  std::optional<SentBlock> ServeBlock(TimePoint now, const BlockRequest& asked,
                                      PinnedBodies::Entry pinned);
  void RefuseBlock(TimePoint now, const BlockRequest& asked, size_t body_bytes);
  bool AwaitsToken(TimePoint now, const Session& session) const;
  bool MayRetry(TimePoint now, Session& session, ExchangeTable::Entry exchange, Answer& answer);
  void TakeAnswer(TimePoint now, Answer answer);
  void Finish(TimePoint now, ExchangeTable::Entry exchange, Answer answer);
  void Respond(TimePoint now, const Exchange& exchange, Answer answer);
  /// The size of blocks that its client and its path take.
  uint8_t SzxFor(const ResponseTarget& target) const;
  /// None: there is no room to keep the body. The message is empty where a later block than the
  /// first was asked for, and only that has come.
  std::optional<FirstMessage> WriteFirst(TimePoint now, const ResponseTarget& target, Answer answer,
                                         const Notification& notification);
  std::optional<FirstMessage> WriteFirstBlock(TimePoint now, const ResponseTarget& target,
                                              const ResponseHead& head, Answer answer, uint8_t szx,
                                              const Notification& notification);
  FirstMessage WriteFirstBlockOf(PinnedBodies::Entry pinned, const ResponseTarget& target,
                                 uint8_t szx, const Notification& notification) const;
  static PinnedBody MakePinned(const ResponseTarget& target, const ResponseHead& head, Bytes body,
                               const Notification& notification);
  /// A body that goes whole, in one message that may be too large for its path.
  std::optional<PinnedBodies::Entry> KeepWhole(TimePoint now, const ResponseTarget& target,
                                               const ResponseHead& head, Bytes body,
                                               const Notification& notification);
  Exchange Take(Session& session, ExchangeTable::Entry exchange);

  // narrow_path.cc
  uint8_t SzxOf(const Session& session) const;
  void OnAsked(Session& session, PinnedBody& pinned, const coap::Block& asked);
  void OnUnheard(TimePoint now, const message::Unheard& unheard);
  static FirstMessage WriteSmaller(const coap::MessageView& sent, PinnedBodies::Entry pinned,
                                   const coap::Block& block);
  void Narrow(Session& session);
  void LearnFrom(const message::Delivered& delivered);
  void LearnFrom(const message::Undelivered& undelivered);

  // windows.cc
  /// Of the answer of `source`, whose first piece `pinned` has.
  void KeepWindow(ExchangeId source, AnswerWindow window, PinnedBody& pinned);
  /// The client has what is before `offset`: more may come.
  void PassBlocks(PinnedBodies::Entry pinned, size_t offset);
  void AwaitBlock(TimePoint now, const BlockRequest& asked, PinnedBodies::Entry pinned);
  void ServeAwaited(TimePoint now, PinnedBodies::Entry pinned);
  void AskAgain(TimePoint now, PinnedBodies::Entry pinned, size_t from);
  void OnAskedAgain(TimePoint now, PinnedBodies::Entry pinned, Answer answer);
  /// As an answer to all requests for blocks of it that wait.
  void RefuseAwaited(TimePoint now, PinnedBodies::Entry pinned, const Refusal& refusal);
  void RespondAwaited(TimePoint now, PinnedBodies::Entry pinned, const Answer& answer);
  void BreakOff(PinnedBodies::Entry pinned);
  /// A copy of a request for a block that was passed, long under way: its client has come on.
  static bool IsOldCopy(const PinnedBody& pinned, const Incoming& incoming);
  void OnPieceDue(TimePoint now, ExchangeId source);

  // observe.cc
  bool AsksToObserve(const Incoming& incoming) const;
  /// False if there is nothing to end: the request is one like others.
  bool Deregister(TimePoint now, const Incoming& incoming);
  void Poll(TimePoint now, Observation& observation);
  bool TakePollPlaces(TimePoint now, Observation& observation);
  void Wait(TimePoint now, Observation& observation, Duration duration);
  void OnPolled(TimePoint now, Observation& observation, Answer answer);
  /// It was refused for want of a token that may be on its way, and waits for it.
  bool WaitsForToken(TimePoint now, Observation& observation, Answer& answer);
  /// `answer`: what it got, if anything that an observer can be told.
  void OnPollFailed(TimePoint now, Observation& observation, PollFailure failure,
                    Duration at_least = {}, Answer* answer = nullptr);
  void TellOfFailure(TimePoint now, Observation& observation, Answer answer);
  void Notify(TimePoint now, Observation& observation, Answer answer);
  void NotifyAgain(TimePoint now, Observation& observation);
  void SendNotification(TimePoint now, Observation& observation, uint32_t number,
                        FirstMessage first);
  /// True if that is what was sent, whose fate is known now.
  bool EndFarewell(SessionId session, message::SendId sent);
  void EndWithError(TimePoint now, Observation& observation, Answer answer);
  void EndObservation(TimePoint now, Observation& observation);
  void CancelPoll(Observation& observation);
  /// Its client is away: nothing is done for it until that is heard.
  void Park(Observation& observation);
  /// A copy of a request for a block of the body before, which must not get one of this.
  bool IsStaleFetch(const Incoming& incoming, ObservationId id);
  void OnBlockServed(TimePoint now, const Incoming& incoming, ObservationId id,
                     message::SendId sent, bool last);
  void OnDelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnRejected(TimePoint now, const message::Rejected& rejected);
  void OnUndelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnHeard(TimePoint now, SessionId session);
  /// Another message took the place of `before`.
  void OnReplaced(SessionId session, message::SendId before, message::SendId sent, bool whole);
  void Stall(TimePoint now, Observation& observation);
  void OnObservationDue(TimePoint now, Observation& observation);

  const Config config_;
  message::Layer& messages_;
  Random& random_;
  Counters counters_;
  const unsigned worker_;
  const HeardAt heard_at_;
  Rooms rooms_;
  std::unordered_map<SessionId, Session> sessions_;
  PartialBodies uploads_;
  PinnedBodies downloads_;
  ExchangeTable exchanges_;
  ObservationTable observations_;
  std::deque<Command> commands_;
  std::deque<SessionId> proven_;
  std::deque<SessionId> worked_;
  std::deque<SessionEnd> ends_;
  std::vector<unsigned> reliefs_;
  std::deque<SessionId> line_;  ///< Sessions with waiting requests, whose turn comes.
  TimerQueue<SessionId> wait_timers_;
  std::unordered_map<admission::ClientId, Namesakes> namesakes_;
  TimerQueue<SessionId> silence_timers_;  ///< When they are looked at.
  size_t pings_ = 0;                      ///< Under way.
  TimerQueue<ExchangeId> piece_timers_;   ///< Of sources whose next piece is waited for.
  std::optional<TimePoint> line_again_;   ///< When `line_` is looked at again.
};

}  // namespace lowband::edge::request
