#include "libs/client/tokens.h"

#include <array>

namespace lowband::client {

coap::Token Tokens::Make(uint32_t value) {
  const uint32_t rest = value < kOneByte ? value : value - kOneByte;
  const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(rest >> 8),
                                        static_cast<uint8_t>(rest)};
  return coap::Token(value < kOneByte ? ByteView(bytes).last(1) : ByteView(bytes));
}

uint32_t Tokens::Value(const coap::Token& token) {
  const ByteView bytes = token.view();
  if (bytes.size() == 1) return bytes[0];
  if (bytes.size() == 2) return kOneByte + (static_cast<uint32_t>(bytes[0]) << 8 | bytes[1]);
  return kAll;
}

std::optional<coap::Token> Tokens::Take(uint64_t id) {
  for (uint32_t tried = 0; tried < kAll; ++tried) {
    const uint32_t value = next_;
    next_ = (next_ + 1) % kAll;
    if (owners_.try_emplace(value, id).second) return Make(value);
  }
  return std::nullopt;
}

std::optional<uint64_t> Tokens::Find(const coap::Token& token) const {
  const auto it = owners_.find(Value(token));
  if (it == owners_.end() || it->second == kSpent) return std::nullopt;
  return it->second;
}

void Tokens::Release(const coap::Token& token, bool answered) {
  const auto it = owners_.find(Value(token));
  if (it == owners_.end()) return;
  if (answered) {
    owners_.erase(it);
  } else {
    it->second = kSpent;
  }
}

}  // namespace lowband::client
