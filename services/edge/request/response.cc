#include "services/edge/request/response.h"

#include <utility>

namespace lowband::edge::request {

using coap::OptionNumber;

Bytes WriteResponse(const coap::Token& token, const ResponseHead& head,
                    const ResponseBlocks& blocks, ByteView payload) {
  coap::MessageWriter writer(coap::Type::kConfirmable, head.code, 0, token);
  const auto uint_option = [&](OptionNumber number, std::optional<uint32_t> value) {
    if (value) writer.OptionUint(number, *value);
  };
  const auto block_option = [&](OptionNumber number, const std::optional<coap::Block>& block) {
    if (block) writer.OptionUint(number, block->Pack());
  };
  const ByteView tag = head.entity_tag.empty() ? blocks.entity_tag : ByteView(head.entity_tag);
  if (!tag.empty()) writer.Option(OptionNumber::kETag, tag);
  uint_option(OptionNumber::kObserve, blocks.observe);
  for (const std::string& segment : head.location_path) {
    writer.Option(OptionNumber::kLocationPath, AsBytes(segment));
  }
  uint_option(OptionNumber::kContentFormat, head.content_format);
  uint_option(OptionNumber::kMaxAge, head.max_age);
  block_option(OptionNumber::kBlock2, blocks.block2);
  block_option(OptionNumber::kBlock1, blocks.block1);
  uint_option(OptionNumber::kSize2, blocks.size2);
  uint_option(OptionNumber::kSize1, blocks.size1);
  uint_option(OptionNumber::kHttpStatus, head.http_status);
  return std::move(writer).Finish(payload);
}

}  // namespace lowband::edge::request
