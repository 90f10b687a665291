// Tokens of one session: one byte while few are in use, else two. A token whose request never got
// its answer is not used again, because that answer may still come (RFC 9175 §4.2).
//
// Threading: one thread. Limits: kShortTokensMax, kRequestsMax. Spec: RFC 7252 §5.3.1.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libs/coap/message.h"

namespace lowband::client {

class Tokens {
 public:
  /// A token for request `id`; none if all are taken.
  std::optional<coap::Token> Take(uint64_t id);
  /// The request that `token` belongs to, if it is in use.
  std::optional<uint64_t> Find(const coap::Token& token) const;
  /// Ends the use of `token`.
  void Release(const coap::Token& token, bool answered);

 private:
  // Length and value of a token in one number; 0 stands for "not one of ours".
  static uint32_t Key(const coap::Token& token);

  static constexpr uint64_t kSpent = UINT64_MAX;
  std::unordered_map<uint32_t, uint64_t> owners_;
  size_t short_in_use_ = 0;
  uint8_t next_short_ = 0;
  uint16_t next_long_ = 0;
};

}  // namespace lowband::client
