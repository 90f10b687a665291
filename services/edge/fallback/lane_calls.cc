#include "services/edge/fallback/lane_calls.h"

#include <algorithm>
#include <utility>

#include "libs/grpc/contract.h"

namespace lowband::edge::fallback {
namespace {

/// The approximate size of a small frame.
constexpr size_t kFrameBytes = 16;

v1::RelayEdgeFrame& Add(v1::RelayEdgeBatch& batch, uint64_t id) {
  v1::RelayEdgeFrame& frame = *batch.add_frames();
  frame.set_relay(id);
  return frame;
}

CallEnd EndOf(v1::RelayEnded::Outcome outcome) {
  switch (outcome) {
    case v1::RelayEnded::WHOLE: return CallEnd::kServed;
    case v1::RelayEnded::NOT_TAKEN: return CallEnd::kNotTaken;
    case v1::RelayEnded::OVERLOAD: return CallEnd::kOverload;
    default: return CallEnd::kBroken;
  }
}

}  // namespace

LaneCalls::Id LaneCalls::Start(v1::RelayRequest request, size_t window, Waker waker) {
  const Id id = next_++;
  ++going_on_;
  Call& call = calls_[id];
  call.waker = std::move(waker);
  call.start = std::make_unique<v1::RelayStart>();
  *call.start->mutable_request() = std::move(request);
  call.start->set_window(window);
  call.given = call.told = window;
  Queue(id, call);
  return id;
}

void LaneCalls::Write(Id id, std::string piece) {
  Call* call = Find(id);
  if (call == nullptr || call->end) return;
  call->piece.Append(std::move(piece));
  Queue(id, *call);
}

void LaneCalls::EndBody(Id id) {
  Call* call = Find(id);
  if (call == nullptr || call->end) return;
  call->ends_body = true;
  Queue(id, *call);
}

void LaneCalls::GiveCredit(Id id, uint64_t until) {
  Call* call = Find(id);
  if (call == nullptr || call->end) return;
  call->given = std::max(call->given, until);
  Queue(id, *call);
}

void LaneCalls::Drain(Id id, std::vector<CallEvent>& events) {
  events.clear();
  Call* call = Find(id);
  if (call == nullptr) return;
  call->woken = false;
  if (std::exchange(call->opened, false)) events.emplace_back(CallOpened{});
  if (std::exchange(call->written, false)) events.emplace_back(CallWritten{});
  const auto receive = [&]() -> v1::RelayChunk& {
    auto chunk = std::make_unique<v1::RelayChunk>();
    v1::RelayChunk& here = *chunk;
    events.emplace_back(CallReceived{std::move(chunk)});
    return here;
  };
  if (std::exchange(call->proceed, false)) receive().mutable_proceed();
  if (call->response) receive().set_allocated_response(call->response.release());
  if (!call->data.empty()) receive().set_data(std::exchange(call->data, {}));
  if (call->end && !std::exchange(call->end_told, true)) {
    events.emplace_back(CallEnded{*call->end});
  }
}

void LaneCalls::Leave(Id id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = found->second;
  const bool known = !call.start && (!call.end || call.broke_rules);
  if (!known) return Forget(found);
  const bool queued = call.queued;
  if (call.end) ++going_on_;  // until the cancel is written
  call = Call();              // frees its data now
  call.left = true;
  call.queued = queued;
  Queue(id, call);
}

LaneCalls::Call* LaneCalls::Find(Id id) {
  const auto found = calls_.find(id);
  return found == calls_.end() || found->second.left ? nullptr : &found->second;
}

size_t LaneCalls::Sendable(const Call& call) {
  const uint64_t credit = call.until - std::min(call.until, call.sent);
  return std::min<uint64_t>(call.piece.size(), credit);
}

bool LaneCalls::HasOutput(const Call& call) {
  if (call.left || call.start) return true;
  if (call.end) return false;
  return Sendable(call) > 0 || (call.ends_body && call.piece.empty()) || call.given > call.told;
}

void LaneCalls::Queue(Id id, Call& call) {
  if (call.queued || !HasOutput(call)) return;
  call.queued = true;
  speaking_.push_back(id);
}

void LaneCalls::Fill(v1::RelayEdgeBatch& batch) {
  size_t bytes = 0;
  while (!speaking_.empty() && !contract::IsBatchFull(bytes, batch.frames_size())) {
    const Id id = speaking_.front();
    speaking_.pop_front();
    const auto found = calls_.find(id);
    if (found == calls_.end()) continue;
    Call& call = found->second;
    call.queued = false;
    bytes += FillOne(id, call, batch);
    if (call.left) {
      Forget(found);
    } else {
      Queue(id, call);
    }
  }
}

size_t LaneCalls::FillOne(Id id, Call& call, v1::RelayEdgeBatch& batch) {
  if (call.left) {
    Add(batch, id).mutable_cancel();
    return kFrameBytes;
  }
  if (call.start) {
    const size_t bytes = call.start->ByteSizeLong();
    Add(batch, id).set_allocated_start(call.start.release());
    return bytes + kFrameBytes;
  }
  if (call.end) return 0;
  size_t bytes = kFrameBytes;
  if (call.given > call.told) {
    call.told = call.given;
    Add(batch, id).mutable_credit()->set_until(call.told);
  }
  if (const size_t size = Sendable(call); size > 0) {
    bytes += size;
    call.sent += size;
    Add(batch, id).set_data(call.piece.Take(size));
    if (call.piece.empty()) writing_.push_back(id);
  }
  if (call.piece.empty() && std::exchange(call.ends_body, false)) Add(batch, id).mutable_end();
  return bytes;
}

void LaneCalls::OnWritten() {
  for (const Id id : std::exchange(writing_, {})) {
    Call* call = Find(id);
    if (call == nullptr) continue;
    call->written = true;
    Wake(*call);
  }
}

void LaneCalls::Take(v1::RelayTranslatorBatch& batch) {
  for (v1::RelayTranslatorFrame& frame : *batch.mutable_frames()) {
    Call* call = Find(frame.relay());
    if (call == nullptr || call->end) continue;
    TakeFrame(*call, frame);
    Queue(frame.relay(), *call);
  }
}

void LaneCalls::TakeFrame(Call& call, v1::RelayTranslatorFrame& frame) {
  switch (frame.kind_case()) {
    case v1::RelayTranslatorFrame::kTaken:
      call.until = frame.taken().window();
      call.opened = call.written = true;
      break;
    case v1::RelayTranslatorFrame::kCredit:
      call.until = std::max(call.until, frame.credit().until());
      return;
    case v1::RelayTranslatorFrame::kProceed: call.proceed = true; break;
    case v1::RelayTranslatorFrame::kResponse: call.response.reset(frame.release_response()); break;
    case v1::RelayTranslatorFrame::kData: TakeData(call, std::move(*frame.mutable_data())); break;
    case v1::RelayTranslatorFrame::kEnded: EndCall(call, EndOf(frame.ended().outcome())); break;
    case v1::RelayTranslatorFrame::KIND_NOT_SET: return;
  }
  Wake(call);
}

void LaneCalls::TakeData(Call& call, std::string data) {
  call.come += data.size();
  if (call.come > call.told) {
    call.data = {};
    call.broke_rules = true;
    return EndCall(call, CallEnd::kBroken);
  }
  if (call.data.empty()) {
    call.data = std::move(data);
  } else {
    call.data += data;
  }
}

void LaneCalls::End(CallEnd end) {
  for (auto call = calls_.begin(); call != calls_.end();) {
    const auto one = call++;
    if (one->second.left) {
      Forget(one);
    } else if (!one->second.end) {
      EndCall(one->second, end);
      Wake(one->second);
    }
  }
}

void LaneCalls::Forget(std::unordered_map<Id, Call>::iterator call) {
  if (!call->second.end) --going_on_;
  calls_.erase(call);
}

void LaneCalls::EndCall(Call& call, CallEnd end) {
  call.end = end;
  --going_on_;
  call.start.reset();
  call.piece.Clear();
}

void LaneCalls::Wake(Call& call) {
  if (std::exchange(call.woken, true)) return;
  call.waker.queue->Wake(call.waker.connection);
}

}  // namespace lowband::edge::fallback
