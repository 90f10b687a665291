#include "services/edge/message/deduplication.h"

#include <algorithm>
#include <utility>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {

using State = ReceivedRequest::State;

Deduplication::Entry Deduplication::Add(TimePoint now, Table& table, const RequestRef& ref) {
  const State state =
      ref.arrival == Arrival::kConfirmable ? State::kUnacknowledged : State::kAwaited;
  ReceivedRequest received{ref, state, now, {}};
  auto& list = ListOf(received);
  const Entry request = list.insert(list.end(), std::move(received));
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
  auto& from = ListOf(*request);
  --table.unanswered_;
  request->state = state;
  auto& to = ListOf(*request);
  to.splice(to.end(), from, request);
  request->since = now;
  request->answer = std::move(answer);
  Account(table, *request, true);
}

void Deduplication::Replace(Table& table, Entry request, Bytes answer) {
  Account(table, *request, false);
  request->answer = std::move(answer);
  Account(table, *request, true);
}

void Deduplication::GiveUp(TimePoint now, Table& table, Entry request, Bytes answer) {
  Account(table, *request, false);
  auto& list = ListOf(*request);
  list.splice(list.end(), list, request);
  request->since = now;
  request->state = State::kUndelivered;
  request->answer = std::move(answer);
  Account(table, *request, true);
}

Bytes Deduplication::Retry(Table& table, Entry request) {
  Account(table, *request, false);
  request->state = State::kSeparate;
  Bytes answer = std::exchange(request->answer, {});
  Account(table, *request, true);
  return answer;
}

void Deduplication::Erase(Table& table, Entry request) {
  const auto slot = std::ranges::find_if(
      table.slots_, [&](const Table::Slot& each) { return each.request == request; });
  table.slots_.erase(slot);
  if (request->IsAnswered()) {
    Account(table, *request, false);
  } else {
    --table.unanswered_;
  }
  ListOf(*request).erase(request);
}

void Deduplication::EraseAll(Table& table) {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->IsAnswered()) Account(table, *slot.request, false);
    ListOf(*slot.request).erase(slot.request);
  }
  table = Table();
}

std::optional<Deduplication::Entry> Deduplication::OldestUnacknowledged() {
  if (unacknowledged_.empty()) return std::nullopt;
  return unacknowledged_.begin();
}

std::optional<Deduplication::Entry> Deduplication::OldestAnswered() {
  if (answered_.empty() && answered_once_.empty()) return std::nullopt;
  if (answered_.empty()) return answered_once_.begin();
  if (answered_once_.empty()) return answered_.begin();
  const bool first = answered_.front().since <= answered_once_.front().since;
  return first ? answered_.begin() : answered_once_.begin();
}

std::optional<Deduplication::Entry> Deduplication::LeastMissed() {
  if (!answered_.empty()) return answered_.begin();
  return OldestAnswered();
}

std::optional<Deduplication::Entry> Deduplication::FindUndelivered(const Table& table) const {
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->state == State::kUndelivered) return slot.request;
  }
  return std::nullopt;
}

std::optional<Deduplication::Entry> Deduplication::LeastMissedOf(const Table& table) const {
  std::optional<Entry> oldest;
  for (const Table::Slot& slot : table.slots_) {
    if (!slot.request->IsAnswered()) continue;
    if (slot.request->ref.repeatable) return slot.request;
    if (!oldest) oldest = slot.request;
  }
  return oldest;
}

std::list<ReceivedRequest>& Deduplication::ListOf(const ReceivedRequest& request) {
  switch (request.state) {
    case State::kUnacknowledged: return unacknowledged_;
    case State::kAcknowledged:
    case State::kAwaited: return waiting_;
    case State::kPiggybacked:
    case State::kSeparate:
    case State::kUndelivered: return request.ref.repeatable ? answered_ : answered_once_;
  }
  std::abort();
}

void Deduplication::Account(Table& table, const ReceivedRequest& request, bool kept) {
  const size_t cost = kAnswerOverheadBytes + request.answer.capacity();
  const size_t undelivered = request.state == State::kUndelivered ? 1 : 0;
  if (kept) {
    answer_bytes_ += cost;
    table.answer_bytes_ += cost;
    undelivered_ += undelivered;
  } else {
    answer_bytes_ -= cost;
    table.answer_bytes_ -= cost;
    undelivered_ -= undelivered;
  }
}

}  // namespace lowband::edge::message
