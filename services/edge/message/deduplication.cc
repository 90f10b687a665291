#include "services/edge/message/deduplication.h"

#include <algorithm>
#include <utility>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {

using State = ReceivedRequest::State;

Deduplication::Entry Deduplication::Add(TimePoint now, Table& table, const RequestRef& ref) {
  const State state =
      ref.arrival == Arrival::kConfirmable ? State::kUnacknowledged : State::kAwaited;
  auto& list = ListOf(state);
  const Entry request = list.insert(list.end(), ReceivedRequest{ref, state, now, {}});
  table.slots_.push_back({ref.message_id, ref.arrival == Arrival::kInAcknowledgement, request});
  ++table.unanswered_;
  return request;
}

std::optional<Deduplication::Entry> Deduplication::FindId(const Table& table,
                                                          uint16_t message_id) const {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.message_id == message_id && !slot.in_acknowledgement) return slot.request;
  }
  return std::nullopt;
}

std::optional<Deduplication::Entry> Deduplication::FindSerial(const Table& table,
                                                              uint64_t serial) const {
  // What is answered came lately, mostly.
  for (auto slot = table.slots_.rbegin(); slot != table.slots_.rend(); ++slot) {
    if (slot->request->ref.serial == serial) return slot->request;
  }
  return std::nullopt;
}

void Deduplication::Acknowledge(Entry request) {
  request->state = State::kAcknowledged;
  waiting_.splice(waiting_.end(), unacknowledged_, request);
}

void Deduplication::Answer(TimePoint now, Table& table, Entry request, State state, Bytes answer) {
  answered_.splice(answered_.end(), ListOf(request->state), request);
  --table.unanswered_;
  request->state = state;
  request->since = now;
  request->answer = std::move(answer);
  Account(*request, true);
}

void Deduplication::GiveUp(TimePoint now, Entry request, Bytes answer) {
  Account(*request, false);
  answered_.splice(answered_.end(), answered_, request);
  request->since = now;
  request->state = State::kUndelivered;
  request->answer = std::move(answer);
  Account(*request, true);
}

Bytes Deduplication::Retry(Entry request) {
  Account(*request, false);
  request->state = State::kSeparate;
  Bytes answer = std::exchange(request->answer, {});
  Account(*request, true);
  return answer;
}

void Deduplication::Erase(Table& table, Entry request) {
  const auto slot = std::ranges::find_if(
      table.slots_, [&](const Table::Slot& each) { return each.request == request; });
  table.slots_.erase(slot);
  if (request->IsAnswered()) {
    Account(*request, false);
  } else {
    --table.unanswered_;
  }
  ListOf(request->state).erase(request);
}

void Deduplication::EraseAll(Table& table) {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->IsAnswered()) Account(*slot.request, false);
    ListOf(slot.request->state).erase(slot.request);
  }
  table = Table();
}

std::optional<Deduplication::Entry> Deduplication::OldestUnacknowledged() {
  if (unacknowledged_.empty()) return std::nullopt;
  return unacknowledged_.begin();
}

std::optional<Deduplication::Entry> Deduplication::OldestAnswered() {
  if (answered_.empty()) return std::nullopt;
  return answered_.begin();
}

std::optional<Deduplication::Entry> Deduplication::FindUndelivered(const Table& table) const {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->state == State::kUndelivered) return slot.request;
  }
  return std::nullopt;
}

std::optional<Deduplication::Entry> Deduplication::OldestAnsweredOf(const Table& table) const {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->IsAnswered()) return slot.request;
  }
  return std::nullopt;
}

std::list<ReceivedRequest>& Deduplication::ListOf(State state) {
  switch (state) {
    case State::kUnacknowledged: return unacknowledged_;
    case State::kAcknowledged:
    case State::kAwaited: return waiting_;
    case State::kPiggybacked:
    case State::kSeparate:
    case State::kUndelivered: return answered_;
  }
  std::abort();
}

void Deduplication::Account(const ReceivedRequest& request, bool kept) {
  const size_t cost = kAnswerOverheadBytes + request.answer.capacity();
  const size_t undelivered = request.state == State::kUndelivered ? 1 : 0;
  if (kept) {
    answer_bytes_ += cost;
    undelivered_ += undelivered;
  } else {
    answer_bytes_ -= cost;
    undelivered_ -= undelivered;
  }
}

}  // namespace lowband::edge::message
