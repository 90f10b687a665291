#include "tests/support/layers_rig.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "services/edge/admission/prefix.h"

namespace lowband::edge::testing {

Rig::Rig(const RigConfig& config)
    : passed_bytes_(config.passed_bytes),
      random_(MakeSeededRandom(config.seed)),
      now_(std::chrono::hours(1)),
      message_ledgers_(config.message.ProcessLimits()),
      messages_(config.message, *random_, message_ledgers_, config.worker),
      ledgers_(config.ledgers == nullptr
                   ? std::make_unique<admission::RequestLedgers>(config.request.ProcessLimits())
                   : nullptr),
      requests_(config.request, messages_, *random_,
                config.ledgers == nullptr ? *ledgers_ : *config.ledgers, config.worker,
                [this](SessionId session) -> std::optional<TimePoint> {
                  const auto heard = heard_.find(session);
                  if (heard == heard_.end()) return std::nullopt;
                  return heard->second;
                }) {}

void Rig::Open(SessionId session, const char* address) {
  const SocketAddress peer = *SocketAddress::FromLiteral(address, 49152);
  heard_[session] = now_;
  messages_.SetNetwork(session, admission::NetworkOf(peer));
  requests_.OpenSession(now_, session, peer, passed_bytes_);
  Pump();
}

void Rig::Close(SessionId session) {
  heard_.erase(session);
  messages_.Forget(session);
  requests_.CloseSession(now_, session);
  Pump();
}

void Rig::Receive(SessionId session, ByteView datagram, std::optional<uint64_t> sequence) {
  const uint64_t record = sequence.value_or(newest_record_ + 1);
  newest_record_ = std::max(newest_record_, record);
  if (const auto heard = heard_.find(session); heard != heard_.end()) heard->second = now_;
  messages_.Receive(now_, session, datagram, record);
  Pump();
}

void Rig::Answer(request::Answer answer) {
  requests_.Complete(now_, std::move(answer));
  Pump();
}

void Rig::Answer(request::AnswerPiece piece) {
  requests_.TakePiece(now_, piece);
  Pump();
}

void Rig::MakeObservable(request::ExchangeId exchange) {
  requests_.MakeObservable(now_, exchange);
  Pump();
}

std::optional<TimePoint> Rig::NextDeadline() {
  return Earlier(messages_.NextDeadline(), requests_.NextDeadline());
}

void Rig::AdvanceTowards(TimePoint time) {
  while (now_ < time && quiet()) Step(time);
}

void Rig::AdvanceTo(TimePoint time) {
  while (now_ < time) Step(time);
}

void Rig::Step(TimePoint time) {
  const TimePoint before = now_;
  now_ = std::max(now_, std::min(time, NextDeadline().value_or(time)));
  messages_.Advance(now_);
  requests_.Advance(now_);
  Pump();
  // A deadline that does not go away would keep a worker spinning.
  steps_without_progress_ = now_ == before ? steps_without_progress_ + 1 : 0;
  if (steps_without_progress_ > 3) std::abort();
}

std::optional<Sent> Rig::TakeSent() {
  if (sent_.empty()) return std::nullopt;
  Sent sent = std::move(sent_.front());
  sent_.pop_front();
  return sent;
}

std::optional<request::Command> Rig::TakeCommand() {
  if (commands_.empty()) return std::nullopt;
  request::Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

void Rig::Relieve() {
  requests_.Relieve(now_);
  Pump();
}

void Rig::Pump() {
  while (const auto event = messages_.PollEvent()) requests_.Handle(now_, *event);
  while (const auto transmit = messages_.PollTransmit()) {
    sent_.push_back(
        {now_, transmit->session, {transmit->message.begin(), transmit->message.end()}});
  }
  while (auto command = requests_.PollCommand()) commands_.push_back(std::move(*command));
  while (const auto session = requests_.PollProven()) proven_.push_back(*session);
  while (requests_.PollWorked()) {
  }
  while (const auto end = requests_.PollEnd()) {
    if (end->reason == request::EndReason::kUntold) {
      untold_.push_back(end->session);
    } else {
      superseded_.push_back(end->session);
      Close(end->session);
    }
  }
  while (const auto worker = requests_.PollRelief()) reliefs_.push_back(*worker);
}

}  // namespace lowband::edge::testing
