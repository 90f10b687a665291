#include "services/edge/request/exchanges.h"

#include <utility>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {

Exchanges::Entry Exchanges::Start(TimePoint now, Exchange exchange, TimePoint due) {
  exchange.id = ++last_id_;
  young_.push_back({now + kPollAge, exchange.id});
  exchange.due = due;
  const Entry entry = under_way_.insert(under_way_.end(), std::move(exchange));
  by_id_.emplace(entry->id, entry);
  return entry;
}

std::optional<Exchanges::Entry> Exchanges::Find(ExchangeId id) const {
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return std::nullopt;
  return it->second;
}

void Exchanges::Hold(Entry exchange, Answer refused, TimePoint until) {
  exchange->held = true;
  exchange->refused = std::make_unique<Answer>(std::move(refused));
  exchange->due = until;
  held_.splice(held_.end(), under_way_, exchange);
}

void Exchanges::Restart(TimePoint now, Entry exchange, TimePoint due) {
  by_id_.erase(exchange->id);
  auto& from = exchange->held ? held_ : under_way_;
  exchange->held = false;
  exchange->id = ++last_id_;
  if (!exchange->is_poll) young_.push_back({now + kPollAge, exchange->id});
  exchange->due = due;
  exchange->refused = nullptr;
  under_way_.splice(under_way_.end(), from, exchange);
  by_id_.emplace(exchange->id, exchange);
}

Exchange Exchanges::Take(Entry exchange) {
  by_id_.erase(exchange->id);
  Exchange taken = std::move(*exchange);
  (taken.held ? held_ : under_way_).erase(exchange);
  return taken;
}

void Exchanges::DropYoung() {
  while (!young_.empty() && !by_id_.contains(young_.front().id)) young_.pop_front();
}

std::optional<Exchanges::Entry> Exchanges::FindAged(TimePoint now) {
  DropYoung();
  if (young_.empty() || young_.front().until > now) return std::nullopt;
  const Entry aged = by_id_.at(young_.front().id);
  young_.pop_front();
  return aged;
}

std::optional<Exchanges::Entry> Exchanges::FindDue(TimePoint now) {
  for (auto* list : {&held_, &under_way_}) {
    if (!list->empty() && list->front().due <= now) return list->begin();
  }
  return std::nullopt;
}

std::optional<TimePoint> Exchanges::NextDeadline() {
  DropYoung();
  std::optional<TimePoint> next;
  if (!young_.empty()) next = young_.front().until;
  if (!under_way_.empty()) next = Earlier(next, under_way_.front().due);
  if (!held_.empty()) next = Earlier(next, held_.front().due);
  return next;
}

}  // namespace lowband::edge::request
