// What one worker has under way of each access token: its part of the process's table.
//
// Threading: one worker thread; the table is shared. Ownership: places give themselves back when
// they end, and do so before this ends. Limits: the table's.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/edge/admission/token_table.h"
#include "services/edge/request/ledger_share.h"

namespace lowband::edge::request {

class TokenPlace;

/// What one thing asks for: a place of its token, and one of the process.
struct Attempts {
  admission::Attempt token_place = admission::Attempt::kFirst;
  admission::Attempt place = admission::Attempt::kFirst;
};

class TokenShare {
 public:
  /// `table` outlives this.
  TokenShare(admission::TokenTable& table, unsigned worker) : table_(table), worker_(worker) {}
  TokenShare(const TokenShare&) = delete;
  TokenShare& operator=(const TokenShare&) = delete;

  admission::TokenId IdOf(std::string_view token) const { return table_.IdOf(token); }
  /// None: no room.
  std::optional<TokenPlace> TakeShort(admission::TokenId token,
                                      admission::Attempt attempt = admission::Attempt::kFirst);
  std::optional<TokenPlace> TakePoll(admission::TokenId token, const Held& held,
                                     admission::Attempt attempt = admission::Attempt::kFirst);
  /// Whatever the limits say: what is under way already has another token now.
  TokenPlace TakeAnyway(admission::TokenId token);

  bool wants_room() const { return wants_room_; }
  /// A poll that has to go here; none: no more.
  std::optional<Held> NextToGo();
  std::optional<unsigned> TakeRelief() { return std::exchange(relief_, std::nullopt); }

 private:
  friend class TokenPlace;
  using Polls = std::list<Held>;

  void Note(const admission::TokenTable::Verdict& verdict);
  Polls::iterator AddPoll(admission::TokenId token, const Held& held);
  void Give(admission::TokenId token, std::optional<Polls::iterator> poll);

  admission::TokenTable& table_;
  const unsigned worker_;
  std::unordered_map<admission::TokenId, Polls> polls_;  ///< The oldest first.
  std::vector<admission::TokenId> leaving_;
  bool wants_room_ = false;
  std::optional<unsigned> relief_;
};

/// One request's place, for as long as it lives.
class TokenPlace {
 public:
  TokenPlace() = default;
  TokenPlace(TokenPlace&& other) noexcept
      : share_(std::exchange(other.share_, nullptr)), token_(other.token_), poll_(other.poll_) {}
  TokenPlace& operator=(TokenPlace&& other) noexcept;
  ~TokenPlace() { Reset(); }

  explicit operator bool() const { return share_ != nullptr; }
  void Reset();
  /// An empty one stays empty.
  void BecomePoll(const Held& held);
  /// Where a poll is found from now on.
  void Name(const Held& held);

 private:
  friend class TokenShare;
  TokenPlace(TokenShare* share, admission::TokenId token) : share_(share), token_(token) {}

  TokenShare* share_ = nullptr;
  admission::TokenId token_{};
  std::optional<TokenShare::Polls::iterator> poll_;  ///< None: it is short.
};

}  // namespace lowband::edge::request
