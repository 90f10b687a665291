// The CoAP request layer of all sessions of one worker: requests and their answers, block-wise
// transfers, sticky options. Sans-IO. Knows CoAP, knows nothing of Matrix but its two options and
// that an error body is a map of errcode and error.
//
//   RequestArrived ─┬─ malformed, unknown critical option, over a limit ──▶ answered here
//                   ├─ Block1, more to come ──▶ 2.31 Continue, piece kept (uploads.h)
//                   ├─ Block2 n>0 of a body kept ──▶ that block (downloads.h), once it has come
//                   └─ whole request ──▶ Command::StartExchange ──▶ Answer ──▶ response, its body
//                                              │        ▲               kept and served by blocks
//                             path is observable        │ polls                        when large
//                                              └─▶ observation (observations.h) ──▶ notifications
//
// A client that has been silent for minutes is pinged, where there is something to gain by it: what
// is done for it at the homeserver ends when it does not answer, and its session too when it has
// begun another one since (silence.h).
//
// Threading: one worker thread; what its clients share with other workers' is in the ledgers.
// Ownership: uses the message layer and the ledgers, which outlive it. Limits: limits.h, Config,
// admission::RequestLimits. Spec: RFC 7252 §5, RFC 7641, RFC 7959, RFC 9175 §3; MSC3079.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/random.h"
#include "libs/base/take_front.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/admission/request_ledgers.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/layer.h"
#include "services/edge/request/config.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/downloads.h"
#include "services/edge/request/exchange.h"
#include "services/edge/request/exchanges.h"
#include "services/edge/request/observations.h"
#include "services/edge/request/options.h"
#include "services/edge/request/refusal.h"
#include "services/edge/request/response.h"
#include "services/edge/request/rooms.h"
#include "services/edge/request/silence.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/uploads.h"

namespace lowband::edge::request {

/// What the layer holds at present.
struct Usage {
  size_t sessions = 0;
  size_t exchanges = 0;
  size_t request_bytes = 0;  ///< Bodies being received or answered.
  size_t uploads = 0;        ///< Bodies being received by blocks.
  size_t downloads = 0;      ///< Bodies being fetched by blocks.
  size_t download_bytes = 0;
  size_t windows = 0;  ///< Answers of which more is to come, or was asked for again.
  size_t observations = 0;
  size_t waiting = 0;  ///< Requests and uploads that wait until others have ended.
};

/// What a session has under way.
enum class Load : uint8_t {
  kNone,
  kPolls,     ///< Long polls and observations: their client asks for them anew elsewhere.
  kRequests,  ///< Others too.
};

/// Why a session is to end.
enum class EndReason : uint8_t {
  kSuperseded,  ///< Its client is silent, and has begun another one since.
  kUntold,      ///< An observation of it has ended, and its client may not know: it would go on
                ///< listening. When it dials again, it registers anew.
};
struct SessionEnd {
  SessionId session;
  EndReason reason = EndReason::kSuperseded;
};

/// When something came from a session last, be it a ping, or it opened; none: it has ended.
using ActiveAt = std::function<std::optional<TimePoint>(SessionId)>;

class Layer {
 public:
  /// `messages`, `random` and `ledgers` outlive the layer. `worker` is its name in the ledgers.
  Layer(const Config& config, message::Layer& messages, Random& random,
        admission::RequestLedgers& ledgers, unsigned worker, ActiveAt active_at);

  /// Messages of `passed_bytes` are known to reach the client. `lineage`: the same number in all
  /// sessions of one client, as far as tickets tell; 0: they do not.
  void OpenSession(TimePoint now, SessionId session, const SocketAddress& peer,
                   size_t passed_bytes = 0, uint64_t lineage = 0);
  void MovePeer(SessionId session, const SocketAddress& peer);
  /// Ends transfers, and cancels exchanges, of the session.
  void CloseSession(TimePoint now, SessionId session);

  /// One event of the message layer, in order.
  void Handle(TimePoint now, const message::Event& event);
  /// The translator's word that the path of an exchange can be observed; its answer follows.
  void MakeObservable(TimePoint now, ExchangeId exchange);
  /// The answer of an exchange. Unknown ids (cancelled meanwhile) are dropped.
  void Complete(TimePoint now, Answer answer);
  /// What follows of an answer by a window; of unknown ids, it is dropped.
  void TakePiece(TimePoint now, const AnswerPiece& piece);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// What the uplink shall do; drained after every call above.
  std::optional<Command> PollCommand() { return TakeFront(commands_); }

  /// A session whose client the homeserver knows: it took a token of its, for the first time. That
  /// holds for the life of the session, whatever becomes of the token: a logout gains nothing.
  std::optional<SessionId> PollProven() { return TakeFront(proven_); }
  /// A session of which a whole request was taken.
  std::optional<SessionId> PollWorked() { return TakeFront(worked_); }
  /// A session that is to end.
  std::optional<SessionEnd> PollEnd() { return TakeFront(ends_); }
  /// Another worker that has to make room for a client of this one: its Relieve() is to be called.
  std::optional<unsigned> PollRelief();
  /// Makes room where another worker asked for it.
  void Relieve(TimePoint now);

  const Counters& counters() const { return counters_; }
  size_t exchanges_in_flight() const { return exchanges_.size(); }
  /// What would be lost if the session ended now. A request that is safe to ask again and has
  /// waited for kPollAge counts as a poll.
  Load LoadOf(TimePoint now, SessionId session) const;
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
    UploadBlock piece;  ///< Its first block, without its payload.
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
    std::optional<Downloads::Entry> download;  ///< The body, where it is kept.
    bool whole = false;                        ///< Nothing follows.
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

  // The public calls, without the Settle() that each ends with.
  void EndSession(TimePoint now, SessionId session_id);       // layer.cc
  void Dispatch(TimePoint now, const message::Event& event);  // layer.cc
  void RunDue(TimePoint now);                                 // layer.cc
  void BeginObservation(TimePoint now, ExchangeId id);        // observe.cc
  void TakeWhole(TimePoint now, Answer answer);               // answers.cc
  void AppendPiece(TimePoint now, const AnswerPiece& piece);  // windows.cc
  /// After any call: what lost its reason ends, what is too much makes room, what waits takes what
  /// is free.
  void Settle(TimePoint now);     // room.cc
  void ServeLine(TimePoint now);  // waiting.cc
  void ClearUp(TimePoint now);    // windows.cc

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
  void Restart(TimePoint now, Session& session, Exchanges::Entry exchange);
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
  void WaitToUpload(TimePoint now, const Incoming& incoming, const UploadBlock& piece);
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
  void GiveUpExchange(TimePoint now, Exchanges::Entry exchange);
  /// It counts as a poll from now on.
  void BecomePoll(TimePoint now, Exchanges::Entry exchange);
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
  /// A request for a further block that is carried out like one for the first (downloads.h).
  bool IsFetchedAnew(TimePoint now, const Incoming& incoming);
  /// Answers with a block of a body that is kept.
  std::optional<SentBlock> ServeBlock(TimePoint now, const BlockRequest& asked,
                                      Downloads::Entry download);
  void RefuseBlock(TimePoint now, const BlockRequest& asked, size_t body_bytes);
  bool AwaitsToken(TimePoint now, const Session& session) const;
  bool MayRetry(TimePoint now, Session& session, Exchanges::Entry exchange, Answer& answer);
  void TakeAnswer(TimePoint now, Answer answer);
  void Finish(TimePoint now, Exchanges::Entry exchange, Answer answer);
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
  FirstMessage WriteFirstBlockOf(Downloads::Entry download, const ResponseTarget& target,
                                 uint8_t szx, const Notification& notification) const;
  static Download MakeDownload(const ResponseTarget& target, const ResponseHead& head, Bytes body,
                               const Notification& notification);
  /// A body that goes whole, in one message that may be too large for its path.
  std::optional<Downloads::Entry> KeepWhole(TimePoint now, const ResponseTarget& target,
                                            const ResponseHead& head, Bytes body,
                                            const Notification& notification);
  Exchange Take(Session& session, Exchanges::Entry exchange);

  // narrow_path.cc
  uint8_t SzxOf(const Session& session) const;
  void OnAsked(Session& session, Download& download, const coap::Block& asked);
  void OnRepeatedInVain(TimePoint now, const message::RepeatedInVain& in_vain);
  static FirstMessage WriteSmaller(const coap::MessageView& sent, Downloads::Entry download,
                                   const coap::Block& block);
  void Narrow(Session& session);
  void LearnFrom(const message::Delivered& delivered);
  void LearnFrom(const message::Undelivered& undelivered);

  // windows.cc
  /// Of the answer of `source`, whose first piece `download` has.
  void KeepWindow(ExchangeId source, AnswerWindow window, Download& download);
  /// The client has what is before `offset`: more may come.
  void PassBlocks(Downloads::Entry download, size_t offset);
  void AwaitBlock(TimePoint now, const BlockRequest& asked, Downloads::Entry download);
  void ServeAwaited(TimePoint now, Downloads::Entry download);
  void AskAgain(TimePoint now, Downloads::Entry download, size_t from);
  void OnAskedAgain(TimePoint now, Downloads::Entry download, Answer answer);
  /// As an answer to all requests for blocks of it that wait.
  void RefuseAwaited(TimePoint now, Downloads::Entry download, const Refusal& refusal);
  void RespondAwaited(TimePoint now, Downloads::Entry download, const Answer& answer);
  void BreakOff(Downloads::Entry download);
  /// A copy of a request for a block that was passed, long under way: its client has come on.
  static bool IsOldCopy(const Download& download, const Incoming& incoming);
  void OnPieceDue(TimePoint now, ExchangeId source);

  // observe.cc
  /// Does what the observations want done; after each event of theirs.
  void ServeObservations(TimePoint now);
  bool AsksToObserve(const Incoming& incoming) const;
  /// False if there is nothing to end: the request is one like others.
  bool Deregister(TimePoint now, const Incoming& incoming);
  bool TakePollPlaces(TimePoint now, ObservationId id, Subscription& subscription);
  void OnPolled(TimePoint now, ObservationId id, Answer answer);
  /// It was refused for want of a token that may be on its way.
  bool WaitsForToken(TimePoint now, ObservationId id, Answer& answer);
  void StartPoll(TimePoint now, ObservationId id);
  void Notify(TimePoint now, ObservationId id, Answer news);
  void NotifyAgain(TimePoint now, ObservationId id);
  void SendNotification(TimePoint now, const Observation& observation, uint32_t number,
                        FirstMessage first);
  /// Of our own accord, as CON. 0: too many are under way.
  message::SendId SendFirst(TimePoint now, SessionId session, FirstMessage first);
  void TellFailure(TimePoint now, ObservationId id, Answer error);
  void EndWithError(TimePoint now, ObservationId id, Answer error);
  void Revive(TimePoint now, const Observations::Revive& revive);
  /// True if that is what was sent, whose fate is known now.
  bool EndFarewell(SessionId session, message::SendId sent);
  void OnDelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnRejected(TimePoint now, const message::Rejected& rejected);
  void OnUndelivered(TimePoint now, SessionId session, message::SendId sent);

  const Config config_;
  message::Layer& messages_;
  Random& random_;
  Counters counters_;
  const unsigned worker_;
  const ActiveAt active_at_;
  Rooms rooms_;
  std::unordered_map<SessionId, Session> sessions_;
  Uploads uploads_;
  Downloads downloads_;
  Exchanges exchanges_;
  Observations observations_;
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
