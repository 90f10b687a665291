// The request layer's part of silent clients; silence.h has the rules.
#include <algorithm>
#include <utility>

#include "libs/coap/message.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

Duration PatienceWith(const Silence& silence) {
  static_assert(kSilenceMax % kSilence == Duration::zero());
  constexpr unsigned kDoublingsMax = 16;
  return std::min<Duration>(kSilence * (1 << std::min(silence.answers, kDoublingsMax)),
                            kSilenceMax);
}

}  // namespace

void Layer::ShowToken(TimePoint now, SessionId id, Session& session, const AccessToken& token) {
  Silence& silence = session.silence;
  if (silence.token == token || (silence.token && *silence.token == *token)) return;
  LeaveNamesakes(silence.by_token);
  silence.token = token;
  const admission::ClientId client{static_cast<uint64_t>(rooms_.tokens.IdOf(*token))};
  JoinNamesakes(now, id, session.began, client, silence.by_token);
}

void Layer::JoinNamesakes(TimePoint now, SessionId id, TimePoint began, admission::ClientId client,
                          Kinship& kinship) {
  auto joined = rooms_.newest_sessions.Join(client, worker_, began);
  kinship.of = std::move(joined.member);
  if (joined.newest) LookAtNamesakes(now, client);
  Namesakes& own = namesakes_[client];
  kinship.place = own.insert(own.end(), id);
  for (const unsigned worker : joined.tell) AskForRelief(worker);
}

void Layer::LeaveNamesakes(Kinship& kinship) {
  if (!kinship.of) return;
  const auto own = namesakes_.find(kinship.of.client());
  own->second.erase(kinship.place);
  if (own->second.empty()) namesakes_.erase(own);
  kinship.of.Reset();
}

// For a client with very many sessions, only a few are checked at a time.
void Layer::LookAtNamesakes(TimePoint now, admission::ClientId client) {
  const auto found = namesakes_.find(client);
  if (found == namesakes_.end()) return;
  Namesakes& own = found->second;
  for (size_t i = std::min(own.size(), kNamesakesLookedAt); i > 0; --i) {
    WatchSilence(now, own.front(), sessions_.at(own.front()).silence);
    own.splice(own.end(), own, own.begin());
  }
}

void Layer::TakeNewsOfClients(TimePoint now) {
  for (const admission::ClientId client : rooms_.newest_sessions.TakeNews(worker_)) {
    LookAtNamesakes(now, client);
  }
}

// Checked earlier than a ping is due: a client that becomes active is to be pinged in time.
void Layer::WatchSilence(TimePoint now, SessionId id, const Silence& silence) {
  if (silence.ping.value != 0 || silence_timers_.Contains(id)) return;
  const TimePoint patient_until = active_at_(id).value_or(now) + PatienceWith(silence);
  silence_timers_.Set(id, std::min<TimePoint>(patient_until, now + kSilence));
}

void Layer::ForgetSilence(SessionId id, Silence& silence) {
  silence_timers_.Cancel(id);
  if (silence.ping.value != 0) --pings_;
  LeaveNamesakes(silence.by_token);
  LeaveNamesakes(silence.by_ticket);
}

void Layer::CheckSilent(TimePoint now) {
  for (size_t i = 0; i < kSilenceChecksPerTurn; ++i) {
    const auto id = silence_timers_.PopDue(now);
    if (!id) return;
    const auto session = sessions_.find(*id);
    if (session != sessions_.end()) CheckSilence(now, *id, session->second);
  }
}

void Layer::CheckSilence(TimePoint now, SessionId id, Session& session) {
  Silence& silence = session.silence;
  const auto active_at = active_at_(id);
  if (!active_at) return;  // it has ended
  if (!observations_.HasPollToSave(id) && !silence.IsOutlived(*active_at)) return;
  if (*active_at > silence.answered_at) silence.answers = 0;
  if (now - *active_at < PatienceWith(silence)) return WatchSilence(now, id, silence);
  if (pings_ < kPingsMax) {
    const auto ping = coap::EmptyMessage(coap::Type::kConfirmable, 0);
    silence.ping = messages_.SendConfirmable(now, id, Bytes(ping.begin(), ping.end()));
  }
  if (silence.ping.value == 0) {
    ++counters_.silent_deferred;
    silence_timers_.Set(id, now + kPingRetry);
    return;
  }
  ++pings_;
  ++counters_.silent_asked;
  silence.asked_at = now;
}

bool Layer::TakePingFate(TimePoint now, const message::Event& event) {
  if (pings_ == 0) return false;
  const auto settled = message::FateOf(event);
  if (!settled) return false;
  const auto& [id, ping, fate] = *settled;
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.silence.ping != ping) return false;
  Silence& silence = found->second.silence;
  silence.ping = {};
  --pings_;
  switch (fate) {
    case message::Fate::kAnswered:
      ++counters_.silent_answered;
      ++silence.answers;
      silence.answered_at = now;
      WatchSilence(now, id, silence);
      break;
    case message::Fate::kMadeRoom:
      ++counters_.silent_deferred;
      messages_.Abandon(now, id, ping);
      silence_timers_.Set(id, now + kPingRetry);
      break;
    case message::Fate::kInVain:
      messages_.Abandon(now, id, ping);
      OnPingedInVain(now, id, silence);
      break;
  }
  return true;
}

// A client that answers no ping but sends other messages is present.
void Layer::OnPingedInVain(TimePoint now, SessionId id, const Silence& silence) {
  const auto active_at = active_at_(id);
  if (!active_at) return;  // it has ended
  if (*active_at > silence.asked_at) return WatchSilence(now, id, silence);
  ++counters_.silent_away;
  if (silence.IsOutlived(*active_at)) {
    ends_.push_back({id, EndReason::kSuperseded});
    return;
  }
  observations_.OnClientAway(id);
  ServeObservations(now);
}

}  // namespace lowband::edge::request
