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
  // Most answers are for recent requests.
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
  answered_.splice(answered_.end(), from, request);
  request->since = now;
  request->answer = std::move(answer);
  table.answer_bytes_ += KeptAnswers::CostOf(*request);
  kept_.Add(table.owner_, request);
}

void Deduplication::Replace(Table& table, Entry request, Bytes answer) {
  Change(table, request, request->state, std::move(answer));
}

void Deduplication::GiveUp(TimePoint now, Table& table, Entry request, Bytes answer) {
  answered_.splice(answered_.end(), answered_, request);
  request->since = now;
  kept_.Renew(table.owner_, request);
  Change(table, request, State::kUndelivered, std::move(answer));
}

Bytes Deduplication::Retry(Table& table, Entry request) {
  return Change(table, request, State::kSeparate, {});
}

Bytes Deduplication::Change(Table& table, Entry request, State state, Bytes answer) {
  if (request->state == State::kUndelivered) --undelivered_;
  request->state = state;
  if (request->state == State::kUndelivered) ++undelivered_;
  table.answer_bytes_ -= KeptAnswers::CostOf(*request);
  Bytes replaced = kept_.Replace(table.owner_, request, std::move(answer));
  table.answer_bytes_ += KeptAnswers::CostOf(*request);
  return replaced;
}

void Deduplication::Erase(Table& table, Entry request) {
  const auto slot = std::ranges::find_if(
      table.slots_, [&](const Table::Slot& each) { return each.request == request; });
  table.slots_.erase(slot);
  Drop(table, request);
}

void Deduplication::EraseAll(Table& table) {
  for (const Table::Slot& slot : table.slots_) Drop(table, slot.request);
  table.slots_.clear();
}

void Deduplication::Drop(Table& table, Entry request) {
  if (request->IsAnswered()) {
    if (request->state == State::kUndelivered) --undelivered_;
    table.answer_bytes_ -= KeptAnswers::CostOf(*request);
    kept_.Remove(table.owner_, request);
  } else {
    --table.unanswered_;
  }
  ListOf(*request).erase(request);
}

void Deduplication::SetOwner(Table& table, const Owner& owner) {
  if (table.owner_ == owner) return;
  for (const Table::Slot& slot : table.slots_) {
    if (slot.request->IsAnswered()) kept_.Move(table.owner_, owner, slot.request);
  }
  table.owner_ = owner;
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
    case State::kUndelivered: return answered_;
  }
  std::abort();
}

}  // namespace lowband::edge::message
