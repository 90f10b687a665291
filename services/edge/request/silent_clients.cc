#include "services/edge/request/silent_clients.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libs/coap/message.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
Duration SilentClients::PatienceWith(const Silence& silence) {
  static_assert(kSilenceMax % kSilence == Duration::zero());
  constexpr unsigned kDoublingsMax = 16;
  return std::min<Duration>(kSilence * (1 << std::min(silence.answers, kDoublingsMax)),
                            kSilenceMax);
}

void SilentClients::Open(TimePoint now, SessionId session, admission::ClientId lineage) {
  Join(now, session, now, lineage, sessions_[session].by_ticket);
}

void SilentClients::TakeToken(TimePoint now, SessionId session, TimePoint began,
                              const AccessToken& token) {
  Silence& silence = sessions_[session];
  if (silence.token == token || (silence.token && *silence.token == *token)) return;
  Leave(silence.by_token);
  silence.token = token;
  Join(now, session, began, context_.client_of(*token), silence.by_token);
}

void SilentClients::Join(TimePoint now, SessionId session, TimePoint began,
                         admission::ClientId client, Kinship& kinship) {
  auto joined = context_.newest_sessions.Join(client, context_.worker, began);
  kinship.of = std::move(joined.member);
  if (joined.newest) WatchNamesakes(now, client);
  Namesakes& own = namesakes_[client];
  kinship.place = own.insert(own.end(), session);
  std::ranges::copy(joined.tell, std::back_inserter(reliefs_));
}

void SilentClients::Leave(Kinship& kinship) {
  if (!kinship.of) return;
  const auto own = namesakes_.find(kinship.of.client());
  own->second.erase(kinship.place);
  if (own->second.empty()) namesakes_.erase(own);
  kinship.of.Reset();
}

// For a client with very many sessions, only a few are checked at a time.
void SilentClients::WatchNamesakes(TimePoint now, admission::ClientId client) {
  const auto found = namesakes_.find(client);
  if (found == namesakes_.end()) return;
  Namesakes& own = found->second;
  for (size_t i = std::min(own.size(), kNamesakesLookedAt); i > 0; --i) {
    Watch(now, own.front(), sessions_.at(own.front()));
    own.splice(own.end(), own, own.begin());
  }
}

void SilentClients::TakeNews(TimePoint now) {
  for (const admission::ClientId client : context_.newest_sessions.TakeNews(context_.worker)) {
    WatchNamesakes(now, client);
  }
}

// Checked earlier than a ping is due: a client that becomes active is to be pinged in time.
void SilentClients::Watch(TimePoint now, SessionId session, const Silence& silence) {
  if (silence.ping.value != 0 || timers_.Contains(session)) return;
  const TimePoint active_at = context_.active_at(session).value_or(now);
  timers_.Set(session, std::min<TimePoint>(active_at + PatienceWith(silence), now + kSilence));
}

void SilentClients::Watch(TimePoint now, SessionId session) {
  Watch(now, session, sessions_[session]);
}

void SilentClients::Forget(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  timers_.Cancel(session);
  if (found->second.ping.value != 0) --pings_;
  Leave(found->second.by_token);
  Leave(found->second.by_ticket);
  sessions_.erase(found);
}

void SilentClients::Advance(TimePoint now) {
  for (size_t i = 0; i < kSilenceChecksPerTurn; ++i) {
    const auto session = timers_.PopDue(now);
    if (!session) return;
    Check(now, *session, sessions_.at(*session));
  }
}

void SilentClients::Check(TimePoint now, SessionId session, Silence& silence) {
  const auto active_at = context_.active_at(session);
  if (!active_at) return;  // it has ended
  if (!context_.has_poll_to_save(session) && !silence.IsOutlived(*active_at)) return;
  if (*active_at > silence.answered_at) silence.answers = 0;
  if (now - *active_at < PatienceWith(silence)) return Watch(now, session, silence);
  if (pings_ < kPingsMax) {
    const auto ping = coap::EmptyMessage(coap::Type::kConfirmable, 0);
    silence.ping = context_.messages.SendConfirmable(now, session, Bytes(ping.begin(), ping.end()));
  }
  if (silence.ping.value == 0) {
    ++context_.counters.silent_deferred;
    timers_.Set(session, now + kPingRetry);
    return;
  }
  ++pings_;
  ++context_.counters.silent_asked;
  silence.asked_at = now;
}

bool SilentClients::TakePingFate(TimePoint now, const message::Event& event) {
  if (pings_ == 0) return false;
  const auto settled = message::FateOf(event);
  if (!settled) return false;
  const auto& [session, ping, fate] = *settled;
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.ping != ping) return false;
  Silence& silence = found->second;
  silence.ping = {};
  --pings_;
  switch (fate) {
    case message::Fate::kAnswered:
      ++context_.counters.silent_answered;
      ++silence.answers;
      silence.answered_at = now;
      Watch(now, session, silence);
      break;
    case message::Fate::kMadeRoom:
      ++context_.counters.silent_deferred;
      context_.messages.Abandon(now, session, ping);
      timers_.Set(session, now + kPingRetry);
      break;
    case message::Fate::kInVain:
      context_.messages.Abandon(now, session, ping);
      OnPingedInVain(now, session, silence);
      break;
  }
  return true;
}

// A client that answers no ping but sends other messages is present.
void SilentClients::OnPingedInVain(TimePoint now, SessionId session, const Silence& silence) {
  const auto active_at = context_.active_at(session);
  if (!active_at) return;  // it has ended
  if (*active_at > silence.asked_at) return Watch(now, session, silence);
  ++context_.counters.silent_away;
  away_.push_back({session, silence.IsOutlived(*active_at)});
}

}  // namespace lowband::edge::request
