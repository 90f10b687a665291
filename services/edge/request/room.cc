// How the request layer makes room when a network, or a token, has too much in a ledger:
//
//   an unfinished upload     ──▶ dropped: its next block gets 4.08
//   a request that waits     ──▶ 5.03
//   a request under way      ──▶ 5.03, or 5.04 where it may have been carried out
//   an observation's poll    ──▶ repeated later, unnoticed by its observer
//   a kept answer            ──▶ dropped: the next block gets 4.08
//   an observation           ──▶ ended with its session: a message may get lost, and deployed
//                                clients that get 5.03 would go on listening and not register
//                                again; with a new session they do
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "services/edge/request/error_answer.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

Refusal MadeRoom() {
  return Unavailable(RefusalReason::kMadeRoom, "The server made room for other clients");
}

}  // namespace

void Layer::Settle(TimePoint now) {
  ClearUp(now);
  if (!line_.empty() || line_again_) ServeLine(now);
  for (LedgerShare* share : rooms_.all()) {
    if (share->wants_room()) MakeRoomIn(now, *share);
  }
  if (rooms_.tokens.wants_room()) MakeRoomAmongTokens(now);
  AskForRelief(rooms_.tokens.TakeRelief());
  PassReliefs();
}

void Layer::Relieve(TimePoint now) {
  for (LedgerShare* share : rooms_.all()) MakeRoomIn(now, *share);
  MakeRoomAmongTokens(now);
  silent_.TakeNews(now);
  Settle(now);
}

void Layer::MakeRoomIn(TimePoint now, LedgerShare& share) {
  while (const auto held = share.NextToGo()) {
    const size_t before = share.used();
    GiveUp(now, *held);
    ClearUp(now);
    if (share.used() >= before) std::abort();  // the loop would never end
  }
  AskForRelief(share.TakeRelief());
}

void Layer::MakeRoomAmongTokens(TimePoint now) {
  while (const auto held = rooms_.tokens.NextToGo()) {
    GiveUp(now, *held);
    ClearUp(now);
  }
}

void Layer::AskForRelief(std::optional<unsigned> worker) {
  if (!worker || std::ranges::find(reliefs_, *worker) != reliefs_.end()) return;
  reliefs_.push_back(*worker);
}

void Layer::GiveUp(TimePoint now, const Held& held) {
  switch (held.kind) {
    case HeldKind::kUpload: uploads_.GiveUp(held.session, held.id); return;
    case HeldKind::kWaiting: GiveUpWaiting(now, held); return;
    case HeldKind::kExchange:
      if (const auto exchange = exchanges_.Find(held.id)) GiveUpExchange(now, *exchange);
      return;
    case HeldKind::kPoll:
      observations_.OnPollMadeRoom(now, held.id);
      ServeObservations(now);
      return;
    case HeldKind::kDownload: downloads_.GiveUp(held.session, held.id); return;
    case HeldKind::kObservation:
      if (observations_.Find(held.id) == nullptr) return;
      ++counters_.observations_made_room;
      observations_.End(held.id);
      ServeObservations(now);
      ends_.push_back({held.session, EndReason::kUntold});
      return;
  }
  std::abort();
}

void Layer::GiveUpWaiting(TimePoint now, const Held& held) {
  const auto found = sessions_.find(held.session);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  const auto is_meant = [&](const message::RequestRef& ref) { return ref.serial == held.id; };
  const auto request = std::ranges::find_if(
      session.waiting, [&](const WaitingRequest& each) { return is_meant(each.exchange.ref); });
  const auto upload = std::ranges::find_if(
      session.waiting_uploads, [&](const WaitingUpload& each) { return is_meant(each.ref); });
  if (request != session.waiting.end()) {
    const Exchange exchange = std::move(request->exchange);
    session.waiting.erase(request);
    RespondRefused(now, exchange.ref, exchange.target.token, exchange.target.form, MadeRoom(),
                   exchange.target.no_response);
  } else if (upload != session.waiting_uploads.end()) {
    const WaitingUpload given_up = std::move(*upload);
    session.waiting_uploads.erase(upload);
    RespondRefused(now, given_up.ref, given_up.token, given_up.form, MadeRoom());
  }
  SetWaitTimer(now, held.session, session);
}

void Layer::GiveUpExchange(TimePoint now, Exchanges::Entry exchange) {
  if (exchange->held) {
    Answer refused = std::move(*exchange->refused);
    Finish(now, exchange, std::move(refused));
    return;
  }
  ++counters_.exchanges_cancelled;
  commands_.emplace_back(CancelExchange{exchange->id});
  const Exchange ended = Take(sessions_.at(exchange->ref.session), exchange);
  Refusal refusal = MadeRoom();
  if (!ended.idempotent) {
    // It may have been carried out: "come later" could cause a second time.
    refusal.http_status = 504;
    refusal.come_later = false;
  }
  RespondRefused(now, ended.ref, ended.target.token, ended.target.form, refusal,
                 ended.target.no_response);
}

void Layer::BecomePoll(TimePoint now, Exchanges::Entry exchange) {
  const SessionId session = exchange->ref.session;
  const Held held{HeldKind::kExchange, session, exchange->id};
  Booking place = rooms_.polls.Take(now, sessions_.at(session).holder, held, exchange->places);
  if (!place) {
    GiveUpExchange(now, exchange);
    return;
  }
  ++counters_.polls_grown;
  exchange->is_poll = true;
  exchange->place = std::move(place);
  exchange->token_place.BecomePoll(held);
}

void Layer::Prove(TimePoint now, SessionId id, Session& session, const AccessToken& token) {
  silent_.TakeToken(now, id, session.began, token);
  if (session.holder.standing == admission::Standing::kProven) return;
  ++counters_.sessions_proven;
  admission::Holder to = session.holder;
  to.standing = admission::Standing::kProven;
  Rebook(id, session, to);
  proven_.push_back(id);
}

void Layer::Rebook(SessionId id, Session& session, const admission::Holder& to) {
  if (session.holder.network == to.network && session.holder.standing == to.standing) return;
  session.holder = to;
  uploads_.Rebook(id, to);
  downloads_.Rebook(id, to);
  for (WaitingRequest& each : session.waiting) {
    each.booking.Rebook(to);
    each.exchange.body.Rebook(to);
  }
  for (WaitingUpload& each : session.waiting_uploads) {
    each.booking.Rebook(to);
    each.bytes.Rebook(to);
  }
  for (const ExchangeId each : session.exchanges) {
    const Exchanges::Entry exchange = *exchanges_.Find(each);
    exchange->place.Rebook(to);
    exchange->body.Rebook(to);
  }
  for (const ObservationId each : observations_.Of(id)) {
    Subscription& subscription = *observations_.FindSubscription(each);
    subscription.booking.Rebook(to);
    subscription.place.Rebook(to);
  }
}

void Layer::PassReliefs() {
  while (const auto worker = silent_.PollRelief()) AskForRelief(worker);
}

std::optional<unsigned> Layer::PollRelief() {
  if (reliefs_.empty()) return std::nullopt;
  const unsigned worker = reliefs_.back();
  reliefs_.pop_back();
  return worker;
}

}  // namespace lowband::edge::request
