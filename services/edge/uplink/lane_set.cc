#include "services/edge/uplink/lane_set.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>
#include <vector>

#include "libs/base/overloaded.h"
#include "libs/base/take_front.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

LaneSet::LaneSet(const Config& config, Random& random)
    : config_(config),
      random_(random),
      pool_(config_, random, counters_),
      answers_budget_{config.answers_bytes_max} {}

void LaneSet::Submit(TimePoint now, request::Command command) {
  std::visit(Overloaded{
                 [&](request::StartExchange& start) { Start(now, std::move(start)); },
                 [&](const request::CancelExchange& cancel) { Cancel(now, cancel.id); },
                 [&](const request::GiveCredit& credit) { GiveCredit(credit); },
             },
             command);
}

void LaneSet::Handle(TimePoint now, const LaneEvent& event) {
  now_ = now;
  std::visit(Overloaded{
                 [&](const LaneOpened& opened) { OnOpened(now, opened); },
                 [&](const LaneWritten& written) { OnWritten(written.lane); },
                 [&](const LaneBatch& batch) { OnBatch(now, batch.lane, batch.batch); },
                 [&](const LaneDead& dead) { OnDead(now, dead.lane); },
             },
             event);
}

ExchangeState* LaneSet::Find(ExchangeId id) {
  const auto it = exchanges_.find(id);
  return it == exchanges_.end() ? nullptr : &it->second;
}

ExchangeState* LaneSet::FindOn(const Lane& lane, ExchangeId id) {
  ExchangeState* exchange = Find(id);
  return exchange != nullptr && exchange->lane() == lane.id ? exchange : nullptr;
}

void LaneSet::Start(TimePoint now, request::StartExchange start) {
  now_ = now;
  ++counters_.requests;
  const ExchangeId id = start.id;
  const auto [it, inserted] =
      exchanges_.try_emplace(id, now, std::move(start), config_, random_, answers_budget_);
  // The request stage counts ids up; a repeated id would mix up two clients' answers.
  if (!inserted) std::abort();
  ExchangeState& exchange = it->second;
  requests_bytes_ += exchange.request_bytes();
  if (exchange.head_bytes() > kRequestHeadBytesMax) {
    Fail(exchange, Failure::kRequestSize);
  } else if (exchanges_.size() > config_.exchanges_max ||
             requests_bytes_ > config_.requests_bytes_max) {
    Fail(exchange, Failure::kOverload);
  } else if (exchange.deadline() <= now) {
    Fail(exchange, Failure::kDeadline);
  } else {
    Place(now, exchange);
    FailStranded();
  }
}

void LaneSet::Cancel(TimePoint now, ExchangeId id) {
  ExchangeState* exchange = Find(id);
  if (exchange == nullptr) return;
  ++counters_.cancels;
  if (Wants(Records::kAll)) records_.push_back(exchange->Record(now));
  Remove(*exchange, false);
}

void LaneSet::Place(TimePoint now, ExchangeState& exchange) {
  Lane* lane = pool_.replicas().Next(exchange.lost_at());
  if (lane == nullptr) {
    // Ids of exchanges that ended during the wait must not fill the queue.
    if (waiting_.size() > 2 * exchanges_.size() + 64) {
      std::erase_if(waiting_, [&](ExchangeId id) { return Find(id) == nullptr; });
    }
    waiting_.push_back(exchange.id());
    timers_.Set(exchange.id(), std::min(exchange.deadline(), now + config_.no_translator_timeout));
    return;
  }
  if (lane->outbox.size() > 2 * lane->in_flight + 64) {
    std::erase_if(lane->outbox, [&](ExchangeId id) { return FindOn(*lane, id) == nullptr; });
  }
  exchange.Assign(lane->id);
  ++lane->in_flight;
  lane->outbox.push_back(exchange.id());
  timers_.Set(exchange.id(), exchange.deadline());
}

void LaneSet::PlaceWaiting(TimePoint now) {
  const Duration interval = PollInterval(waiting_.size());
  TimePoint at = now;
  while (!waiting_.empty() && pool_.open() > 0) {
    ExchangeState* exchange = Find(waiting_.front());
    waiting_.pop_front();
    if (exchange == nullptr || exchange->lane() != kNoLane) continue;
    if (!exchange->resent() || !exchange->IsLongPoll(now)) {
      Place(now, *exchange);
      continue;
    }
    at += interval;
    resends_.emplace(at, exchange->id());
    timers_.Set(exchange->id(), exchange->deadline());
  }
}

void LaneSet::Unplace(ExchangeState& exchange) {
  if (Lane* lane = pool_.Find(exchange.lane())) --lane->in_flight;
  exchange.Assign(kNoLane);
}

// Exchanges that a draining lane has not begun go to other lanes.
void LaneSet::TakeBackUnwritten(TimePoint now, Lane& lane) {
  const std::deque<ExchangeId> queued = std::exchange(lane.outbox, {});
  for (const ExchangeId id : queued) {
    ExchangeState* exchange = FindOn(lane, id);
    if (exchange == nullptr) continue;
    if (exchange->begun()) {
      lane.outbox.push_back(id);
    } else {
      Unplace(*exchange);
      Place(now, *exchange);
    }
  }
}

void LaneSet::OnOpened(TimePoint now, const LaneOpened& opened) {
  for (Lane* retired : pool_.OnOpened(now, opened.lane, opened.replica)) {
    TakeBackUnwritten(now, *retired);
  }
  PlaceWaiting(now);
}

void LaneSet::OnWritten(LaneId id) {
  Lane* lane = pool_.Find(id);
  if (lane == nullptr) return;
  lane->writable = true;
  lane->awaited = false;
}

void LaneSet::OnBatch(TimePoint now, LaneId id, const v1::TranslatorBatch& batch) {
  Lane* lane = pool_.Find(id);
  if (lane == nullptr) return;
  ++counters_.batches_received;
  pool_.replicas().NoteAnswered(*lane);
  for (const v1::TranslatorFrame& frame : batch.frames()) OnFrame(*lane, frame);
  if (batch.draining() && lane->state == LaneState::kOpen) {
    pool_.Drain(now, *lane);
    TakeBackUnwritten(now, *lane);
  }
}

void LaneSet::OnFrame(Lane& lane, const v1::TranslatorFrame& frame) {
  ++counters_.frames_received;
  ExchangeState* exchange = FindOn(lane, frame.exchange());
  if (exchange == nullptr || !exchange->begun()) {
    ++counters_.frames_late;
    return;
  }
  if (exchange->windowed()) {
    OnPiece(*exchange, frame);
    return;
  }
  if (frame.has_answer() && frame.answer().has_windowed()) {
    OnWindowed(*exchange, frame.answer());
    return;
  }
  auto progress = AnswerAssembly::Progress::kBadSequence;
  switch (frame.kind_case()) {
    case v1::TranslatorFrame::kAnswer: progress = exchange->answer().AddHead(frame.answer()); break;
    case v1::TranslatorFrame::kBody: progress = exchange->answer().AddChunk(frame.body()); break;
    case v1::TranslatorFrame::kObservable:
      observables_.push_back(exchange->id());
      progress = AnswerAssembly::Progress::kMore;
      break;
    case v1::TranslatorFrame::kDropped:
    case v1::TranslatorFrame::KIND_NOT_SET: break;
  }
  switch (progress) {
    case AnswerAssembly::Progress::kMore: break;
    case AnswerAssembly::Progress::kTooLarge: Fail(*exchange, Failure::kAnswerSize); break;
    case AnswerAssembly::Progress::kBadSequence: Fail(*exchange, Failure::kBadAnswer); break;
    case AnswerAssembly::Progress::kComplete:
      ++counters_.answers;
      answers_.push_back(exchange->answer().Take());
      answers_.back().id = exchange->id();
      RecordAnswer(*exchange, answers_.back());
      Remove(*exchange, true);
      break;
  }
}

void LaneSet::RecordAnswer(const ExchangeState& exchange, const request::Answer& answer) {
  constexpr unsigned kServerError = 5;
  const bool poll_failed = answer.poll && answer.poll->outcome() == v1::Poll::FAILED;
  const bool failed = answer.code.cls() == kServerError || poll_failed;
  if (!Wants(failed ? Records::kFailures : Records::kAll)) return;
  ExchangeRecord record = exchange.Record(now_);
  record.code = answer.code;
  record.answer_bytes = answer.window != nullptr ? answer.window->bytes : answer.body.size();
  record.poll_failed = poll_failed;
  records_.push_back(record);
}

void LaneSet::OnDead(TimePoint now, LaneId id) {
  const Lane* dead = pool_.Find(id);
  const bool has_replica = dead != nullptr && dead->replica != nullptr;
  const std::string replica = has_replica ? dead->replica->address : "";
  pool_.OnDead(now, id);
  std::vector<ExchangeId> orphans;
  for (const auto& [exchange_id, exchange] : exchanges_) {
    if (exchange.lane() == id) orphans.push_back(exchange_id);
  }
  // In the order of their arrival.
  std::sort(orphans.begin(), orphans.end());
  const TimePoint at = now + config_.resend_delay;
  TimePoint poll_at = at;
  const Duration interval = PollInterval(orphans.size());
  for (const ExchangeId orphan : orphans) {
    ExchangeState& exchange = *Find(orphan);
    const bool is_poll = exchange.IsLongPoll(now);
    FailOver(now, exchange, {is_poll ? poll_at : at, replica});
    if (is_poll) poll_at += interval;
  }
  FailStranded();
}

Duration LaneSet::PollInterval(size_t polls) const {
  const Duration fit = config_.poll_resend_time_max / std::max<size_t>(polls, 1);
  return std::min(config_.poll_resend_interval, fit);
}

void LaneSet::FailOver(TimePoint now, ExchangeState& exchange, const Resend& resend) {
  if (exchange.windowed()) {
    BreakOff(exchange, true);
    return;
  }
  const bool begun = exchange.begun();
  if (begun && (!exchange.repeatable() || exchange.resent())) {
    Fail(exchange, Failure::kLaneLost);
    return;
  }
  Unplace(exchange);
  if (!begun) {
    Place(now, exchange);
    return;
  }
  ++counters_.resent;
  exchange.MarkResent(resend.lost_at);
  resends_.emplace(resend.at, exchange.id());
}

void LaneSet::Fail(ExchangeState& exchange, Failure failure) {
  const FailureAnswer& answer = AnswerFor(failure);
  ++(counters_.*answer.counter);
  if (Wants(Records::kFailures)) {
    records_.push_back(exchange.Record(now_));
    records_.back().failure = failure;
  }
  answers_.push_back(request::MakeErrorAnswer(exchange.id(), exchange.form(), answer.http_status,
                                              answer.errcode, answer.error, config_.codes));
  Remove(exchange, false);
}

void LaneSet::Remove(ExchangeState& exchange, bool told) {
  if (Lane* lane = pool_.Find(exchange.lane())) {
    --lane->in_flight;
    if (exchange.begun() && !told) lane->cancels.push_back(exchange.id());
  }
  requests_bytes_ -= exchange.request_bytes();
  timers_.Cancel(exchange.id());
  exchanges_.erase(exchange.id());
}

void LaneSet::OnDue(TimePoint now, ExchangeState& exchange) {
  if (exchange.deadline() <= now) {
    Fail(exchange, Failure::kDeadline);
  } else {
    // no_lane_timeout. An exchange that was begun once may have been carried out.
    Fail(exchange, exchange.resent() ? Failure::kLaneLost : Failure::kNoTranslator);
  }
}

// Answers exchanges without a lane once no more lanes will open.
void LaneSet::FailStranded() {
  if (!pool_.stopped() || pool_.open() + pool_.opening() > 0) return;
  std::vector<ExchangeId> stranded;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange.lane() == kNoLane) stranded.push_back(id);
  }
  std::sort(stranded.begin(), stranded.end());
  for (const ExchangeId id : stranded) {
    ExchangeState& exchange = *Find(id);
    Fail(exchange, exchange.resent() ? Failure::kLaneLost : Failure::kNoTranslator);
  }
}

void LaneSet::Stop(TimePoint now) {
  now_ = now;
  pool_.Stop();
  // A lane that is opening may still serve exchanges without a lane.
  if (placed() == exchanges_.size() || pool_.open() > 0) pool_.AbortOpening();
  FailStranded();
}

void LaneSet::Advance(TimePoint now) {
  now_ = now;
  pool_.Advance(now);
  CutLingering(now);
  while (const auto id = timers_.PopDue(now)) OnDue(now, *Find(*id));
  while (!resends_.empty() && resends_.begin()->first <= now) {
    ExchangeState* exchange = Find(resends_.begin()->second);
    resends_.erase(resends_.begin());
    if (exchange != nullptr) Place(now, *exchange);
  }
  FailStranded();
}

std::optional<TimePoint> LaneSet::NextDeadline() {
  std::optional<TimePoint> next = Earlier(timers_.Next(), pool_.NextDeadline());
  if (!resends_.empty()) next = Earlier(next, resends_.begin()->first);
  return next;
}

std::optional<Action> LaneSet::PollAction() {
  if (auto action = pool_.PollAction()) return action;
  for (const auto& lane : pool_.lanes()) {
    if (!lane->MayWrite() || !lane->HasOutput()) continue;
    if (auto batch = BuildBatch(*lane)) return batch;
  }
  const bool finish_all = pool_.stopped() && placed() == exchanges_.size();
  pool_.FinishIdle(now_, finish_all);
  pool_.AwaitBusy(finish_all);
  return pool_.PollAction();
}

std::optional<Action> LaneSet::BuildBatch(Lane& lane) {
  WriteBatch write{lane.id, {}};
  auto& frames = *write.batch.mutable_frames();
  size_t bytes = 0;
  const auto full = [&] { return contract::IsBatchFull(bytes, frames.size()); };
  for (; !lane.cancels.empty() && !full(); lane.cancels.pop_front()) {
    v1::EdgeFrame& frame = *frames.Add();
    frame.set_exchange(lane.cancels.front());
    frame.mutable_cancel();
  }
  WriteCredits(lane, write.batch);
  while (!lane.outbox.empty() && !full()) {
    const ExchangeId id = lane.outbox.front();
    lane.outbox.pop_front();
    ExchangeState* exchange = FindOn(lane, id);
    if (exchange == nullptr) continue;
    bytes += exchange->NextFrameBytes();
    if (exchange->NextFrame(now_, *frames.Add())) lane.outbox.push_back(id);
  }
  if (frames.empty()) return std::nullopt;
  ++counters_.batches_written;
  counters_.frames_written += static_cast<uint64_t>(frames.size());
  lane.writable = false;
  return write;
}

size_t LaneSet::placed() const {
  size_t sum = 0;
  for (const auto& lane : pool_.lanes()) sum += lane->in_flight;
  return sum;
}

std::optional<request::ExchangeId> LaneSet::PollObservable() { return TakeFront(observables_); }

std::optional<ExchangeRecord> LaneSet::PollRecord() { return TakeFront(records_); }

std::optional<request::Answer> LaneSet::PollAnswer() { return TakeFront(answers_); }

}  // namespace lowband::edge::uplink
