// The CoAP request layer of all sessions of one worker: requests and their answers, block-wise
// transfers, sticky options. Sans-IO. Knows CoAP, knows nothing of Matrix but its two options and
// that an error body is a map of errcode and error.
//
//   RequestArrived ─┬─ malformed, unknown critical option, over a limit ──▶ answered here
//                   ├─ Block1, more to come ──▶ 2.31 Continue, piece kept (block1.h)
//                   ├─ Block2 n>0 of a pinned body ──▶ that block (block2.h), once it has come
//                   └─ whole request ──▶ Command::StartExchange ──▶ Answer ──▶ response, its body
//                                              │        ▲               pinned and served by blocks
//                             path is observable        │ polls                        when large
//                                              └─▶ observation (observation.h) ──▶ notifications
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
#include <functional>
#include <memory>
#include <optional>

#include "libs/base/address.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/admission/request_ledgers.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/layer.h"
#include "services/edge/request/config.h"
#include "services/edge/request/exchange.h"

namespace lowband::edge::request {

struct Counters;  // counters.h

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
using HeardAt = std::function<std::optional<TimePoint>(SessionId)>;

class Layer {
 public:
  /// `messages`, `random` and `ledgers` outlive the layer. `worker` is its name in the ledgers.
  Layer(const Config& config, message::Layer& messages, Random& random,
        admission::RequestLedgers& ledgers, unsigned worker, HeardAt heard_at);
  ~Layer();

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
  std::optional<Command> PollCommand();

  /// A session whose client the homeserver knows: it took a token of its, for the first time. That
  /// holds for the life of the session, whatever becomes of the token: a logout gains nothing.
  std::optional<SessionId> PollProven();
  /// A session of which a whole request was taken.
  std::optional<SessionId> PollWorked();
  /// A session that is to end.
  std::optional<SessionEnd> PollEnd();
  /// Another worker that has to make room for a client of this one: its Relieve() is to be called.
  std::optional<unsigned> PollRelief();
  /// Makes room where another worker asked for it.
  void Relieve(TimePoint now);

  const Counters& counters() const;
  size_t exchanges_in_flight() const;
  /// What would be lost if the session ended now. A request that is safe to ask again and has
  /// waited for kPollAge counts as a poll.
  Load LoadOf(TimePoint now, SessionId session) const;
  Usage usage() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::request
