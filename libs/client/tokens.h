// Tokens of one session, counted up: the first 256 requests have one byte, the next 65,536 two.
// None is reused before all others were used, and the token of a request without an answer never,
// because the answer may still come (RFC 9175 §4.2). Servers also keep bodies that they serve in
// blocks by the token, for minutes.
//
// Threading: one thread. Limits: 65,792 tokens in use or spent. Spec: RFC 7252 §5.3.1.
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
  static constexpr uint32_t kOneByte = 256;
  static constexpr uint32_t kAll = kOneByte + 65536;
  static constexpr uint64_t kSpent = UINT64_MAX;

  static coap::Token Make(uint32_t value);
  /// kAll if the token is not one of ours.
  static uint32_t Value(const coap::Token& token);

  std::unordered_map<uint32_t, uint64_t> owners_;
  uint32_t next_ = 0;
};

}  // namespace lowband::client
