#include "libs/coap/block.h"

#include "libs/coap/message.h"

namespace lowband::coap {

std::optional<Block> ParseBlock(ByteView value) {
  if (value.size() > 3) return std::nullopt;
  const uint32_t packed = *ParseUint(value);
  const auto szx = static_cast<uint8_t>(packed & 7);
  if (szx == 7) return std::nullopt;
  return Block{packed >> 4, (packed & 8) != 0, szx};
}

}  // namespace lowband::coap
