#include "services/edge/request/sticky.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

// RFC 7235 §2.1: the name of a scheme is case-insensitive.
std::string_view WithoutScheme(std::string_view text) {
  constexpr std::string_view kScheme = "bearer ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; };
  if (!std::ranges::equal(text.substr(0, kScheme.size()), kScheme, same)) return text;
  text.remove_prefix(kScheme.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

}  // namespace

Result<AccessToken, Refusal> Sticky::ReadToken(ByteView value) {
  if (value.size() > kAccessTokenBytesMax) {
    return Failure(Refusal{.reason = RefusalReason::kBadOption,
                           .code = coap::kBadRequest,
                           .errcode = "M_INVALID_PARAM",
                           .error = "The access token (CoAP option 256) is over the limit of " +
                                    std::to_string(kAccessTokenBytesMax) + " bytes"});
  }
  const std::string_view token = WithoutScheme(AsText(value));
  if (token.empty()) return AccessToken();
  return std::make_shared<const std::string>(token);
}

Result<Sticky::Taken, Refusal> Sticky::TakeToken(ByteView value, uint64_t sequence) {
  auto token = ReadToken(value);
  if (!token) return Failure(std::move(token.error()));
  Taken taken{Change::kNone, std::move(*token)};
  const auto next = std::ranges::upper_bound(changes_, sequence, {}, &TokenChange::sequence);
  TokenChange& before = next == changes_.begin() ? *next : *(next - 1);
  if (before.token && taken.token ? *before.token == *taken.token : before.token == taken.token) {
    taken.token = before.token;
    if (!std::exchange(before.refused, false) || &before != &changes_.back()) return taken;
    taken.change = Change::kSet;  // sent again by its client
    return taken;
  }
  if (next == changes_.end()) {
    taken.change = taken.token ? Change::kSet : Change::kCleared;
    cleared_ = !taken.token;
  }
  const bool is_first = first_known_ && &before == &changes_.front();
  if (before.sequence == sequence && !is_first) {
    before = {sequence, taken.token};
  } else {
    changes_.insert(next, {sequence, taken.token});
  }
  Forget(changes_.back().sequence);
  return taken;
}

// Drops changes that no record can refer to any more, and the oldest ones above the limit.
void Sticky::Forget(uint64_t newest) {
  while (changes_.size() > 1 && (changes_.size() > kTokenChangesMax ||
                                 changes_[1].sequence + kReplayWindowRecords <= newest)) {
    changes_.erase(changes_.begin());
    first_known_ = false;
  }
}

std::optional<Sticky::Applied> Sticky::TokenFor(uint64_t sequence) const {
  const auto next = std::ranges::upper_bound(changes_, sequence, {}, &TokenChange::sequence);
  if (next == changes_.begin()) return std::nullopt;
  const TokenChange* held = &*(next - 1);
  if (first_known_ && held == &changes_.front() && next != changes_.end()) held = &*next;
  return Applied{held->token, held->refused};
}

Result<void, Refusal> Sticky::TakeKeyTable(uint32_t version, uint64_t sequence) {
  if (version > 1) {
    return Failure(Refusal{.reason = RefusalReason::kBadOption,
                           .code = coap::kBadOption,
                           .errcode = "M_UNRECOGNIZED",
                           .error = "Key table " + std::to_string(version) +
                                    " (CoAP option 257) is not supported, only 0 and 1 are"});
  }
  if (sequence < key_table_sequence_) return {};
  key_table_sequence_ = sequence;
  key_table_ = static_cast<uint8_t>(version);
  return {};
}

void Sticky::TakeUserAgent(ByteView value, uint64_t sequence) {
  if (sequence < user_agent_sequence_) return;
  user_agent_sequence_ = sequence;
  user_agent_ = AsText(value);
}

transcode::KeyTable Sticky::key_table(uint8_t default_version) const {
  return key_table_.value_or(default_version) == 0 ? transcode::KeyTable::kStrings
                                                   : transcode::KeyTable::kV1;
}

bool Sticky::OnRefused(const AccessToken& token) {
  bool in_force = false;
  for (TokenChange& change : changes_) {
    if (!token || !change.token || *token != *change.token) continue;
    in_force = &change == &changes_.back() && !change.refused;
    change.refused = true;
  }
  return in_force;
}

}  // namespace lowband::edge::request
