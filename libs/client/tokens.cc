#include "libs/client/tokens.h"

#include <array>

#include "libs/client/limits.h"

namespace lowband::client {

uint32_t Tokens::Key(const coap::Token& token) {
  const ByteView bytes = token.view();
  if (bytes.size() == 1) return 0x100u | bytes[0];
  if (bytes.size() == 2) return 0x10000u | bytes[0] << 8 | bytes[1];
  return 0;
}

std::optional<coap::Token> Tokens::Take(uint64_t id) {
  // Short ones that are spent count as in use, so the loop below always finds a free one.
  if (short_in_use_ < kShortTokensMax) {
    for (;;) {
      const std::array<uint8_t, 1> bytes = {next_short_++};
      const coap::Token token{bytes};
      if (!owners_.try_emplace(Key(token), id).second) continue;
      ++short_in_use_;
      return token;
    }
  }
  for (unsigned tried = 0; tried <= UINT16_MAX; ++tried) {
    const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(next_long_ >> 8),
                                          static_cast<uint8_t>(next_long_)};
    ++next_long_;
    const coap::Token token{bytes};
    if (owners_.try_emplace(Key(token), id).second) return token;
  }
  return std::nullopt;
}

std::optional<uint64_t> Tokens::Find(const coap::Token& token) const {
  const auto it = owners_.find(Key(token));
  if (it == owners_.end() || it->second == kSpent) return std::nullopt;
  return it->second;
}

void Tokens::Release(const coap::Token& token, bool answered) {
  const auto it = owners_.find(Key(token));
  if (it == owners_.end()) return;
  if (!answered) {
    it->second = kSpent;
    return;
  }
  if (token.size() == 1) --short_in_use_;
  owners_.erase(it);
}

}  // namespace lowband::client
