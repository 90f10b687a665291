#include "services/edge/request/token_share.h"

namespace lowband::edge::request {

using Kind = admission::TokenTable::Kind;

std::optional<TokenPlace> TokenShare::TakeShort(admission::TokenId token,
                                                admission::Attempt attempt) {
  const auto verdict = table_.Take(token, worker_, Kind::kShort, attempt);
  Note(verdict);
  if (!verdict.booked) return std::nullopt;
  return TokenPlace(this, token);
}

std::optional<TokenPlace> TokenShare::TakePoll(admission::TokenId token, const Held& held,
                                               admission::Attempt attempt) {
  const auto verdict = table_.Take(token, worker_, Kind::kPoll, attempt);
  Note(verdict);
  if (!verdict.booked) return std::nullopt;
  TokenPlace place(this, token);
  place.poll_ = AddPoll(token, held);
  return place;
}

TokenPlace TokenShare::TakeAnyway(admission::TokenId token) {
  table_.TakeAnyway(token, worker_, Kind::kShort);
  return TokenPlace(this, token);
}

std::optional<Held> TokenShare::NextToGo() {
  wants_room_ = false;
  if (leaving_.empty()) leaving_ = table_.TakeLeaving(worker_);
  while (!leaving_.empty()) {
    const auto polls = polls_.find(leaving_.back());
    leaving_.pop_back();
    if (polls != polls_.end()) return polls->second.front();
  }
  return std::nullopt;
}

void TokenShare::Note(const admission::TokenTable::Verdict& verdict) {
  if (!verdict.makes_room) return;
  if (*verdict.makes_room == worker_) {
    wants_room_ = true;
  } else {
    relief_ = verdict.makes_room;
  }
}

TokenShare::Polls::iterator TokenShare::AddPoll(admission::TokenId token, const Held& held) {
  Polls& polls = polls_[token];
  return polls.insert(polls.end(), held);
}

void TokenShare::Give(admission::TokenId token, std::optional<Polls::iterator> poll) {
  table_.Give(token, worker_, poll ? Kind::kPoll : Kind::kShort);
  if (!poll) return;
  const auto polls = polls_.find(token);
  polls->second.erase(*poll);
  if (polls->second.empty()) polls_.erase(polls);
}

TokenPlace& TokenPlace::operator=(TokenPlace&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  share_ = std::exchange(other.share_, nullptr);
  token_ = other.token_;
  poll_ = other.poll_;
  return *this;
}

void TokenPlace::Reset() {
  if (share_ != nullptr) std::exchange(share_, nullptr)->Give(token_, poll_);
}

void TokenPlace::BecomePoll(const Held& held) {
  if (share_ == nullptr || poll_) return;
  share_->Note(share_->table_.BecomePoll(token_, share_->worker_));
  poll_ = share_->AddPoll(token_, held);
}

void TokenPlace::Name(const Held& held) {
  if (share_ != nullptr && poll_) **poll_ = held;
}

}  // namespace lowband::edge::request
