#include "tests/support/translator_lanes.h"

#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

namespace lowband::testing {
namespace {

constexpr Duration kHop = std::chrono::milliseconds(1);

}  // namespace

// gRPC is reliable and in order; only its end may come at any time.
void TranslatorLanes::Obey(edge::uplink::Action action) {
  const auto later = [this](std::function<void()> run) {
    timeline_.After(kHop, [this, generation = generation_, run = std::move(run)] {
      if (generation == generation_) run();
    });
  };
  using namespace edge::uplink;
  if (const auto* open = std::get_if<OpenLane>(&action)) {
    later([this, lane = open->lane] { Open(lane); });
  } else if (auto* write = std::get_if<WriteBatch>(&action)) {
    later([this, lane = write->lane, batch = std::move(write->batch)] {
      if (!lanes_.contains(lane)) return;
      for (const v1::EdgeFrame& frame : batch.frames()) Take(lane, frame);
      hooks_.tell(LaneWritten{lane});
    });
  } else if (const auto* finish = std::get_if<FinishLane>(&action)) {
    later([this, lane = finish->lane] {
      if (Drop(lane)) hooks_.tell(LaneDead{lane});
    });
  } else if (const auto* abort = std::get_if<AbortLane>(&action)) {
    Drop(abort->lane);
  }
}

void TranslatorLanes::Open(LaneId id) {
  const std::optional<std::string> replica = hooks_.connect();
  if (!replica) {
    hooks_.tell(edge::uplink::LaneDead{id});
    return;
  }
  lanes_.try_emplace(id, std::make_shared<Lane>(*replica, room_.whole));
  hooks_.tell(edge::uplink::LaneOpened{id, *replica});
}

void TranslatorLanes::Take(LaneId id, const v1::EdgeFrame& frame) {
  Lane& lane = *lanes_.at(id);
  const uint64_t exchange = frame.exchange();
  bool more = false;
  switch (frame.kind_case()) {
    case v1::EdgeFrame::kRequest:
      lane.partial[exchange] = frame.request();
      more = frame.request().more();
      break;
    case v1::EdgeFrame::kBody:
      lane.partial[exchange].mutable_body()->append(frame.body().data());
      more = frame.body().more();
      break;
    case v1::EdgeFrame::kCancel:
      if (!keep_cancelled_answers) lane.answers.Remove(exchange);
      lane.partial.erase(exchange);
      if (hooks_.cancel) hooks_.cancel(id, exchange);
      return;
    case v1::EdgeFrame::kCredit:
      lane.answers.GiveCredit(exchange, frame.credit().until());
      Write();
      return;
    case v1::EdgeFrame::KIND_NOT_SET: std::abort();  // an edge sends no empty frame
  }
  if (more) return;
  auto request = lane.partial.extract(exchange);
  hooks_.start(id, exchange, std::move(request.mapped()));
}

void TranslatorLanes::SayObservable(LaneId lane, uint64_t exchange) {
  v1::TranslatorBatch batch;
  v1::TranslatorFrame& frame = *batch.add_frames();
  frame.set_exchange(exchange);
  (void)frame.mutable_observable();
  hooks_.tell(edge::uplink::LaneBatch{lane, std::move(batch)});
}

void TranslatorLanes::Respond(LaneId lane, uint64_t exchange, const v1::Request& request,
                              Answer answer, translator::ingress::AnswerOwner owner) {
  const std::shared_ptr<Lane> to = lanes_.at(lane);
  if (!RespondByWindow(to, exchange, request, answer, owner)) {
    if (!to->answers.Push(exchange, answer)) std::abort();
  }
  Write();
}

bool TranslatorLanes::RespondByWindow(const std::shared_ptr<Lane>& lane, uint64_t exchange,
                                      const v1::Request& request, Answer& answer,
                                      translator::ingress::AnswerOwner owner) {
  const translator::ingress::AnswerTerms terms{request.answer_window(), request.answer_from()};
  const size_t size = answer.body.size();
  if (!translator::ingress::GoesByWindow(answer, terms) || !room_.held.Fits(size)) return false;
  auto admission = room_.held.Admit(owner, size, lane, exchange);
  room_.dropped += admission.dropped.size();
  for (const auto& other : admission.dropped) {
    if (const auto holder = other.holder.lock()) holder->DropAnswer(other.exchange);
  }
  if (!admission.place) {
    answer = hooks_.overload();
    return false;
  }
  std::string of_body = digest(answer.body);
  lane->answers.PushWindowed(exchange, std::move(answer), terms, std::move(of_body),
                             std::move(*admission.place));
  return true;
}

void TranslatorLanes::Write() {
  const std::vector<std::pair<LaneId, std::shared_ptr<Lane>>> lanes(lanes_.begin(), lanes_.end());
  for (const auto& [id, lane] : lanes) {
    while (!lane->answers.empty()) {
      v1::TranslatorBatch batch;
      lane->answers.Fill(batch);
      hooks_.tell(edge::uplink::LaneBatch{id, std::move(batch)});
    }
  }
}

void TranslatorLanes::Kill(const std::string& replica) {
  std::vector<LaneId> dead;
  for (const auto& [id, lane] : lanes_) {
    if (lane->replica == replica) dead.push_back(id);
  }
  for (const LaneId id : dead) {
    Drop(id);
    hooks_.tell(edge::uplink::LaneDead{id});
  }
}

bool TranslatorLanes::Drop(LaneId id) {
  if (!lanes_.contains(id)) return false;
  if (hooks_.end) hooks_.end(id);
  lanes_.erase(id);
  return true;
}

void TranslatorLanes::ForgetEdge() {
  ++generation_;
  while (!lanes_.empty()) Drop(lanes_.begin()->first);
}

std::function<bool()> TranslatorLanes::Watch(LaneId lane) const {
  return [watched = std::weak_ptr<Lane>(lanes_.at(lane))] { return !watched.expired(); };
}

}  // namespace lowband::testing
