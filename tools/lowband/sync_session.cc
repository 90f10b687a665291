#include "tools/lowband/sync_session.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "libs/client/options.h"
#include "tools/lowband/sync_error.h"
#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

client::Response AsResponse(const client::Notification& notification) {
  return {notification.id, notification.code, notification.options, notification.body};
}

}  // namespace

void Notice(const std::string& text) { std::cerr << "lowband sync: " << text << std::endl; }

std::string SecondsText(Duration duration) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f s", std::chrono::duration<double>(duration).count());
  return out.data();
}

SyncSession::SyncSession(SyncRun& run, client::Connection& connection)
    : run_(run), connection_(connection) {
  run_.alerted = false;
}

SyncEnd SyncSession::Run() {
  heard_at_ = Now();
  ask_at_ = heard_at_;
  for (;;) {
    if (auto end = OnTime(Now())) return *end;
    const auto event = connection_.Wait(NextTime() - Now());
    if (run_.signal.Wait(Duration::zero())) run_.stopped = true;
    if (event) {
      if (auto end = Handle(Now(), *event)) return *end;
    }
    if (run_.stopped || Now() >= run_.until) return {};
  }
}

void SyncSession::Ask(TimePoint now) {
  client::Request request = run_.request.Make(run_.progress.since(), !introduced_);
  client::Session& session = connection_.session();
  observing_ = false;
  waiting_ = true;
  asked_at_ = now;
  ask_at_.reset();
  id_ = run_.polling ? session.Send(now, std::move(request))
                     : session.Observe(now, std::move(request));
}

void SyncSession::AskLater(TimePoint now, const std::string& why, Duration at_least) {
  waiting_ = observing_ = false;
  id_ = 0;
  const Duration wait = std::max(run_.backoff.Next(), at_least);
  ask_at_ = now + wait;
  Notice(why + "; trying again in " + SecondsText(wait));
}

TimePoint SyncSession::NextTime() const {
  TimePoint next = run_.until;
  if (ask_at_) next = std::min(next, *ask_at_);
  // An alert is no event: while one may come, poll for it.
  if (waiting_ || pinged_at_) next = std::min<TimePoint>(next, Now() + kAlertPatience);
  const Duration keepalive = Seconds(run_.options.keepalive_seconds);
  if (observing_ && !pinged_at_) next = std::min(next, heard_at_ + keepalive);
  return next;
}

SyncSession::End SyncSession::OnTime(TimePoint now) {
  if (ask_at_ && now >= *ask_at_) Ask(now);
  if (run_.alerted) {
    // A server that has lost the session sends an alert without a key, as anyone could: it counts
    // only if a ping then gets no answer.
    if (!pinged_at_) Ping(now);
    if (now >= *pinged_at_ + kAlertPatience) {
      return SyncEnd{SyncEnd::Kind::kLost, "the server no longer knows the session"};
    }
  }
  const Duration keepalive = Seconds(run_.options.keepalive_seconds);
  if (observing_ && !pinged_at_ && now >= heard_at_ + keepalive) Ping(now);
  return std::nullopt;
}

void SyncSession::Ping(TimePoint now) {
  pinged_at_ = now;
  retransmissions_ = connection_.session().traffic().retransmissions;
  connection_.session().Ping(now);
}

SyncSession::End SyncSession::Handle(TimePoint now, const client::Event& event) {
  return std::visit([this, now](const auto& what) { return On(now, what); }, event);
}

SyncSession::End SyncSession::On(TimePoint now, const client::Response& response) {
  if (response.id != id_) return std::nullopt;
  heard_at_ = now;
  waiting_ = false;
  run_.reached = true;
  if (response.code.cls() != 2) return OnAnswer(now, response);
  introduced_ = true;
  observing_ = client::FindOption(response.options, coap::OptionNumber::kObserve) != nullptr &&
               !run_.polling;
  if (!observing_ && !run_.polling) {
    Notice("the server does not support observing /sync; polling instead");
    run_.polling = true;
  }
  // Registered; the result comes as a notification.
  if (observing_ && response.body.empty()) return std::nullopt;
  const std::string before = run_.progress.since().next;
  auto end = OnAnswer(now, response);
  if (end || observing_) return end;
  const bool news = run_.progress.since().next != before;
  ask_at_ = news ? now : std::max<TimePoint>(now, asked_at_ + kPollInterval);
  return std::nullopt;
}

SyncSession::End SyncSession::On(TimePoint now, const client::Notification& notification) {
  if (notification.id != id_) return std::nullopt;
  heard_at_ = now;
  return OnAnswer(now, AsResponse(notification));
}

// Any kind of answer.
SyncSession::End SyncSession::OnAnswer(TimePoint now, const client::Response& answer) {
  if (answer.code.cls() != 2) {
    const SyncError error = ReadError(answer);
    if (error.position_unknown && !run_.progress.since().next.empty()) {
      run_.progress.BeginAnew();
      AskLater(now, "the homeserver no longer knows the position: beginning anew");
      return std::nullopt;
    }
    if (!error.passes) {
      id_ = 0;
      return SyncEnd{SyncEnd::Kind::kFailed, "the server answered " + error.text};
    }
    AskLater(now, "the server answered " + error.text, error.wait);
    return std::nullopt;
  }
  run_.backoff.Reset();
  const auto brought = run_.progress.Take(now, answer);
  if (!brought) return SyncEnd{SyncEnd::Kind::kFailed, brought.error()};
  if (*brought && run_.options.once) return SyncEnd{};
  return std::nullopt;
}

SyncSession::End SyncSession::On(TimePoint now, const client::ObservationEnded& ended) {
  if (ended.id != id_) return std::nullopt;
  if (ended.reason == client::ObservationEnd::kClosed) return std::nullopt;  // Disconnected follows
  AskLater(now, std::string(Text(ended.reason)));
  return std::nullopt;
}

SyncSession::End SyncSession::On(TimePoint now, const client::RequestFailed& failed) {
  if (failed.id != id_) return std::nullopt;
  const std::string why(Text(failed.failure));
  switch (failed.failure) {
    case client::Failure::kClosed: return std::nullopt;  // Disconnected follows
    case client::Failure::kTimeout:
    case client::Failure::kReset:
    case client::Failure::kExhausted: return SyncEnd{SyncEnd::Kind::kLost, why};
    case client::Failure::kTooLarge: return SyncEnd{SyncEnd::Kind::kFailed, why};
    case client::Failure::kBlockwise: AskLater(now, why); return std::nullopt;
  }
  std::abort();
}

SyncSession::End SyncSession::On(TimePoint /*now*/, const client::Disconnected& end) {
  id_ = 0;
  return SyncEnd{SyncEnd::Kind::kLost, end.detail};
}

SyncSession::End SyncSession::On(TimePoint now, const client::Pong& pong) {
  if (!pong.answered) return SyncEnd{SyncEnd::Kind::kLost, "the server does not answer a ping"};
  heard_at_ = now;
  pinged_at_.reset();
  run_.alerted = false;
  // The path was down for a while. The server may have noticed that too and have parked the
  // observation until a new registration.
  const bool was_down = connection_.session().traffic().retransmissions != retransmissions_;
  if (was_down && observing_) {
    connection_.session().Unobserve(now, id_);
    Ask(now);
  }
  return std::nullopt;
}

SyncSession::End SyncSession::On(TimePoint /*now*/, const client::Connected& /*connected*/) {
  return std::nullopt;
}

void SyncSession::Deregister() {
  if (run_.polling || id_ == 0) return;
  const client::RequestId id = id_;
  const TimePoint limit = Now() + kDeregisterWait;
  connection_.session().Unobserve(Now(), id);
  while (const auto event = connection_.Wait(limit - Now())) {
    const auto* ended = std::get_if<client::ObservationEnded>(&*event);
    if (ended != nullptr && ended->id == id) return;
    if (std::holds_alternative<client::Disconnected>(*event)) return;
  }
}

}  // namespace lowband::tools
