#include "libs/client/options.h"

#include <algorithm>

namespace lowband::client {

OutgoingOption TextOption(coap::OptionNumber number, std::string_view text) {
  return {number, Bytes(text.begin(), text.end())};
}

OutgoingOption UintOption(coap::OptionNumber number, uint32_t value) {
  OutgoingOption option{number, {}};
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (byte != 0 || !option.value.empty()) option.value.push_back(byte);
  }
  return option;
}

const Bytes* FindOption(std::span<const OutgoingOption> options, coap::OptionNumber number) {
  const auto found = std::ranges::find(options, number, &OutgoingOption::number);
  return found == options.end() ? nullptr : &found->value;
}

std::optional<uint32_t> FindUint(std::span<const OutgoingOption> options,
                                 coap::OptionNumber number) {
  const Bytes* value = FindOption(options, number);
  if (value == nullptr || value->size() > 4) return std::nullopt;
  uint32_t out = 0;
  for (const uint8_t byte : *value) out = out << 8 | byte;
  return out;
}

}  // namespace lowband::client
