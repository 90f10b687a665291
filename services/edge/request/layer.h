// The CoAP request layer of all sessions of one worker: requests and their answers, block-wise
// transfers, sticky options. Sans-IO. It depends on CoAP; of Matrix it uses only the two options
// and the form of an error body, a map of errcode and error.
//
//   RequestArrived ─┬─ malformed, unknown critical option, over a limit ──▶ answered here
//                   ├─ Block1, more to come ──▶ 2.31 Continue, piece kept (uploads.h)
//                   ├─ Block2 n>0 of a body kept ──▶ that block (downloads.h), once it has come
//                   └─ whole request ──▶ Command::StartExchange ──▶ Answer ──▶ response, its body
//                                              │        ▲               kept and served by blocks
//                             path is observable        │ polls                        when large
//                                              └─▶ observation (observations.h) ──▶ notifications
//
// A client that has been silent for minutes is pinged where that can save work: if it does not
// answer, its polls at the homeserver end, and its session too if it has begun a newer one
// (silent_clients.h).
//
// Threading: one worker thread; the ledgers hold the bookings that all workers share.
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
#include "services/edge/request/path_width.h"
#include "services/edge/request/refusal.h"
#include "services/edge/request/response.h"
#include "services/edge/request/rooms.h"
#include "services/edge/request/silent_clients.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/uploads.h"

namespace lowband::edge::request {

/// The layer's current holdings.
struct Usage {
  size_t sessions = 0;
  size_t exchanges = 0;
  size_t request_bytes = 0;  ///< Bodies being received or answered.
  size_t uploads = 0;        ///< Bodies being received by blocks.
  size_t downloads = 0;      ///< Bodies being fetched by blocks.
  size_t download_bytes = 0;
  size_t windows = 0;  ///< Answers whose rest is to come, or was asked for again.
  size_t observations = 0;
  size_t waiting = 0;  ///< Requests and uploads that wait until others have ended.
};

/// The work that a session has under way.
enum class Load : uint8_t {
  kNone,
  kPolls,     ///< Long polls and observations: their client can begin them anew elsewhere.
  kRequests,  ///< Others too.
};

/// Why a session is to end.
enum class EndReason : uint8_t {
  kSuperseded,  ///< Its client is silent, and has begun a newer session.
  kUntold,      ///< An observation ended, and its client may not have heard of that: it would go on
                ///< listening. With a new session it registers anew.
};
struct SessionEnd {
  SessionId session;
  EndReason reason = EndReason::kSuperseded;
};

class Layer {
 public:
  /// `messages`, `random` and `ledgers` outlive the layer. `worker` is its name in the ledgers.
  Layer(const Config& config, message::Layer& messages, Random& random,
        admission::RequestLedgers& ledgers, unsigned worker, ActiveAt active_at);

  /// Messages of `passed_bytes` are known to reach the client. `lineage`: the same number in all
  /// sessions of one client, as shown by tickets; 0: unknown.
  void OpenSession(TimePoint now, SessionId session, const SocketAddress& peer,
                   size_t passed_bytes = 0, uint64_t lineage = 0);
  void MovePeer(SessionId session, const SocketAddress& peer);
  /// Ends transfers, and cancels exchanges, of the session.
  void CloseSession(TimePoint now, SessionId session);

  /// One event of the message layer, in order.
  void Handle(TimePoint now, const message::Event& event);
  /// The translator has reported that the path of an exchange can be observed; its answer follows.
  void MakeObservable(TimePoint now, ExchangeId exchange);
  /// The answer of an exchange. Answers to unknown (cancelled) ids are dropped.
  void Complete(TimePoint now, Answer answer);
  /// The next piece of an answer by a window. Pieces for unknown ids are dropped.
  void TakePiece(TimePoint now, const AnswerPiece& piece);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// Commands for the uplink; drained after every call above.
  std::optional<Command> PollCommand() { return TakeFront(commands_); }

  /// A session that became proven: the homeserver accepted its token for the first time. It stays
  /// proven for its lifetime, also when the token ends: a logout gains nothing.
  std::optional<SessionId> PollProven() { return TakeFront(proven_); }
  /// A session that has sent a complete request.
  std::optional<SessionId> PollWorked() { return TakeFront(worked_); }
  /// A session that must end.
  std::optional<SessionEnd> PollEnd() { return TakeFront(ends_); }
  /// Another worker that has to make room for a client of this one: the caller calls its Relieve().
  std::optional<unsigned> PollRelief();
  /// Makes room for clients of another worker.
  void Relieve(TimePoint now);

  const Counters& counters() const { return counters_; }
  size_t exchanges_in_flight() const { return exchanges_.size(); }
  /// The work that would be lost if the session ended now. A request that is safe to repeat and has
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
    TimePoint token_expected_until;  ///< It is new, or may have just logged in.
    std::vector<ExchangeId> exchanges;
    std::deque<WaitingRequest> waiting;
    std::deque<WaitingUpload> waiting_uploads;
    /// Messages that ended observations, until their fate is known.
    std::vector<message::SendId> farewells;
    bool in_line = false;  ///< In `line_`.
    PathWidth path;
  };
  /// A request on its way through the checks.
  struct Incoming {
    const message::RequestArrived& arrived;
    Session& session;
    RequestOptions options;
    BodyForm form;
    AccessToken token;           ///< The token it uses: its own, or the session's.
    bool names_token = false;    ///< It has option 256, which may be empty.
    bool token_refused = false;  ///< The homeserver has refused the session's.
  };
  /// A complete request body.
  struct WholeBody {
    ByteView bytes;
    Booking booking;
    std::optional<uint32_t> content_format;
    std::optional<coap::Block> block1;
  };

  /// The message that begins a response, or is all of it.
  struct FirstMessage {
    Bytes message;
    std::optional<Downloads::Entry> download;  ///< The body, if it is kept.
    bool whole = false;                        ///< Nothing follows.
  };
  struct SentBlock {
    message::SendId id;
    bool last = false;
  };
  /// The additions of a notification; all 0: a plain response.
  struct Notification {
    ObservationId observation = 0;
    uint32_t number = 0;
  };

  // The public calls, without their final Settle().
  void EndSession(TimePoint now, SessionId session_id);       // layer.cc
  void Dispatch(TimePoint now, const message::Event& event);  // layer.cc
  void RunDue(TimePoint now);                                 // layer.cc
  void ServeAway(TimePoint now);                              // layer.cc
  void BeginObservation(TimePoint now, ExchangeId id);        // observe.cc
  void TakeWhole(TimePoint now, Answer answer);               // answers.cc
  void AppendPiece(TimePoint now, const AnswerPiece& piece);  // windows.cc
  /// After any call: ends work without a purpose, makes room, and starts waiting work where room is
  /// free.
  void Settle(TimePoint now);     // room.cc
  void ServeLine(TimePoint now);  // waiting.cc
  void ClearUp(TimePoint now);    // windows.cc

  // requests.cc
  void HandleRequest(TimePoint now, const message::RequestArrived& arrived);
  /// The table that the request names, or else the session's.
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
  /// The number of places that the request takes.
  static size_t PlacesOf(const v1::Request& request);

  // waiting.cc
  bool HasRoom(const Session& session) const;
  /// A refusal if there is no room to start a request, nor to let it wait.
  std::optional<Refusal> CheckLimits(const Session& session) const;
  void StartOrWait(TimePoint now, SessionId id, Session& session, Exchange exchange,
                   v1::Request request);
  /// False, and both arguments are unchanged: the process, or the token, has no room.
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
  /// Ends the item, to make room for others.
  void GiveUp(TimePoint now, const Held& held);
  void GiveUpWaiting(TimePoint now, const Held& held);
  void GiveUpExchange(TimePoint now, Exchanges::Entry exchange);
  /// Counts the exchange as a poll from now on.
  void BecomePoll(TimePoint now, Exchanges::Entry exchange);
  /// Books the session's holdings for another address or standing.
  void Rebook(SessionId id, Session& session, const admission::Holder& to);
  /// The homeserver accepted this token of the session.
  void Prove(TimePoint now, SessionId id, Session& session, const AccessToken& token);
  void AskForRelief(std::optional<unsigned> worker);
  /// Those that silent clients ask for.
  void PassReliefs();

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
  /// The largest block that the client and its path take.
  uint8_t SzxFor(const ResponseTarget& target) const;
  /// None: there is no room to keep the body. The message is empty if a later block was asked for
  /// and the answer begins there.
  std::optional<FirstMessage> WriteFirst(TimePoint now, const ResponseTarget& target, Answer answer,
                                         const Notification& notification);
  std::optional<FirstMessage> WriteFirstBlock(TimePoint now, const ResponseTarget& target,
                                              const ResponseHead& head, Answer answer, uint8_t szx,
                                              const Notification& notification);
  FirstMessage WriteFirstBlockOf(Downloads::Entry download, const ResponseTarget& target,
                                 uint8_t szx, const Notification& notification) const;
  static Download MakeDownload(const ResponseTarget& target, const ResponseHead& head, Bytes body,
                               const Notification& notification);
  /// Keeps a body that goes whole, in one message that may be too large for its path.
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
  /// True: it was wide before.
  bool Narrow(Session& session);

  // windows.cc
  /// Keeps the answer of `source`; `download` has its first piece.
  void KeepWindow(ExchangeId source, AnswerWindow window, Download& download);
  /// The client has the bytes before `offset`: more may come.
  void PassBlocks(Downloads::Entry download, size_t offset);
  void AwaitBlock(TimePoint now, const BlockRequest& asked, Downloads::Entry download);
  void ServeAwaited(TimePoint now, Downloads::Entry download);
  void AskAgain(TimePoint now, Downloads::Entry download, size_t from);
  void OnAskedAgain(TimePoint now, Downloads::Entry download, Answer answer);
  /// Refuses all waiting requests for blocks of the download.
  void RefuseAwaited(TimePoint now, Downloads::Entry download, const Refusal& refusal);
  void RespondAwaited(TimePoint now, Downloads::Entry download, const Answer& answer);
  void BreakOff(Downloads::Entry download);
  /// A late copy of a request for a passed block: the client has asked for later blocks since.
  static bool IsOldCopy(const Download& download, const Incoming& incoming);
  void OnPieceDue(TimePoint now, ExchangeId source);

  // observe.cc
  /// Carries out the actions of the observations; after each of their events.
  void ServeObservations(TimePoint now);
  bool AsksToObserve(const Incoming& incoming, ByteView body) const;
  /// False: no observation to end, so that this is an ordinary request.
  bool Deregister(TimePoint now, const Incoming& incoming);
  bool TakePollPlaces(TimePoint now, ObservationId id, Subscription& subscription);
  void OnPolled(TimePoint now, ObservationId id, Answer answer);
  /// It was refused without a token, which may be on its way.
  bool WaitsForToken(TimePoint now, ObservationId id, Answer& answer);
  void StartPoll(TimePoint now, ObservationId id);
  void Notify(TimePoint now, ObservationId id, Answer news);
  void NotifyAgain(TimePoint now, ObservationId id);
  void SendNotification(TimePoint now, const Observation& observation, uint32_t number,
                        FirstMessage first);
  /// Not a response; as CON. 0: too many are under way.
  message::SendId SendFirst(TimePoint now, SessionId session, FirstMessage first);
  void TellFailure(TimePoint now, ObservationId id, Answer error);
  void EndWithError(TimePoint now, ObservationId id, Answer error);
  void Revive(TimePoint now, const Observations::Revive& revive);
  /// True: `sent` was such a message; its fate is known now.
  bool EndFarewell(SessionId session, message::SendId sent);
  void OnDelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnRejected(TimePoint now, const message::Rejected& rejected);
  void OnUndelivered(TimePoint now, SessionId session, message::SendId sent);

  const Config config_;
  message::Layer& messages_;
  Random& random_;
  Counters counters_;
  const unsigned worker_;
  Rooms rooms_;
  std::unordered_map<SessionId, Session> sessions_;
  Uploads uploads_;
  Downloads downloads_;
  Exchanges exchanges_;
  Observations observations_;
  SilentClients silent_;
  std::deque<Command> commands_;
  std::deque<SessionId> proven_;
  std::deque<SessionId> worked_;
  std::deque<SessionEnd> ends_;
  std::vector<unsigned> reliefs_;
  std::deque<SessionId> line_;  ///< Sessions with waiting requests, in turn.
  TimerQueue<SessionId> wait_timers_;
  TimerQueue<ExchangeId> piece_timers_;  ///< Of sources whose next piece is expected.
  std::optional<TimePoint> line_again_;  ///< When `line_` is tried again.
};

}  // namespace lowband::edge::request
