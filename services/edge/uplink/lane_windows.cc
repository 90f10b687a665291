// Answers by a window: the lane set's part after their head.
#include <algorithm>
#include <utility>

#include "libs/base/take_front.h"
#include "services/edge/uplink/lane_set.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

void LaneSet::OnWindowed(ExchangeState& exchange, const v1::Answer& head) {
  request::Answer answer;
  answer.id = exchange.id();
  const auto progress = exchange.TakeWindowed(head, answer);
  if (progress == AnswerAssembly::Progress::kTooLarge) {
    Fail(exchange, Failure::kAnswerSize);
    return;
  }
  if (progress == AnswerAssembly::Progress::kBadSequence) {
    Fail(exchange, Failure::kBadAnswer);
    return;
  }
  ++counters_.answers;
  RecordAnswer(exchange, answer);
  answers_.push_back(std::move(answer));
  // Its client may take hours; the request stage decides when to stop.
  timers_.Cancel(exchange.id());
  if (progress == AnswerAssembly::Progress::kComplete) Remove(exchange, true);
}

void LaneSet::OnPiece(ExchangeState& exchange, const v1::TranslatorFrame& frame) {
  if (frame.has_dropped()) {
    BreakOff(exchange, true);
    return;
  }
  if (!frame.has_body() || !exchange.TakePiece(frame.body())) {
    ++counters_.failed_bad_answer;
    BreakOff(exchange, false);
    return;
  }
  const ByteView data = AsBytes(frame.body().data());
  using Then = request::AnswerPiece::Then;
  pieces_.push_back({exchange.id(), Bytes(data.begin(), data.end()),
                     frame.body().more() ? Then::kMore : Then::kEnd});
  if (!frame.body().more()) Remove(exchange, true);
}

void LaneSet::BreakOff(ExchangeState& exchange, bool told) {
  pieces_.push_back({exchange.id(), {}, request::AnswerPiece::Then::kBroken});
  Remove(exchange, told);
}

void LaneSet::GiveCredit(const request::GiveCredit& credit) {
  ExchangeState* exchange = Find(credit.id);
  if (exchange == nullptr || !exchange->GiveCredit(credit.until)) return;
  if (Lane* lane = pool_.Find(exchange->lane())) lane->credits.push_back(credit.id);
}

void LaneSet::WriteCredits(Lane& lane, v1::EdgeBatch& batch) {
  auto& frames = *batch.mutable_frames();
  for (; !lane.credits.empty() && frames.size() < static_cast<int>(kBatchFramesMax);
       lane.credits.pop_front()) {
    ExchangeState* exchange = FindOn(lane, lane.credits.front());
    if (exchange == nullptr) continue;
    exchange->WriteCredit(*frames.Add());
  }
}

void LaneSet::CutLingering(TimePoint now) {
  while (pool_.lanes().size() > kLanesLingeringMax) {
    const auto& lanes = pool_.lanes();
    const auto oldest = std::find_if(lanes.begin(), lanes.end(), [](const auto& lane) {
      return lane->state == LaneState::kDraining;
    });
    if (oldest == lanes.end()) return;
    const LaneId id = (*oldest)->id;
    pool_.Abort(id);
    OnDead(now, id);
  }
}

std::optional<request::AnswerPiece> LaneSet::PollPiece() { return TakeFront(pieces_); }

}  // namespace lowband::edge::uplink
