// One worker's part of the process's table of access tokens: its requests under way with each.
//
// Threading: one worker thread; the table is shared. Ownership: places are returned when they end,
// and end before this object. Limits: the table's.
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

/// The attempts of one request: for a place of its token, and for one of the process.
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
  /// Without regard to limits: a request under way has another token now.
  TokenPlace TakeAnyway(admission::TokenId token);

  bool wants_room() const { return wants_room_; }
  /// The next poll that must end here; none: no poll.
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

/// One request's place; returned when this object ends.
class TokenPlace {
 public:
  TokenPlace() = default;
  TokenPlace(TokenPlace&& other) noexcept
      : share_(std::exchange(other.share_, nullptr)), token_(other.token_), poll_(other.poll_) {}
  TokenPlace& operator=(TokenPlace&& other) noexcept;
  ~TokenPlace() { Reset(); }

  explicit operator bool() const { return share_ != nullptr; }
  void Reset();
  /// No effect on an empty place.
  void BecomePoll(const Held& held);
  /// Changes the item that holds the poll.
  void Name(const Held& held);

 private:
  friend class TokenShare;
  TokenPlace(TokenShare* share, admission::TokenId token) : share_(share), token_(token) {}

  TokenShare* share_ = nullptr;
  admission::TokenId token_{};
  std::optional<TokenShare::Polls::iterator> poll_;  ///< None: it is short.
};

}  // namespace lowband::edge::request
