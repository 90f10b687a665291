// The writer of responses: the code, at most 16 options, and a body.
//
// Threading: free functions without state; any thread. Limits: coap::kOptionsSentMax. Spec:
// RFC 7252 §5.10, RFC 7959 §2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/coap/block.h"
#include "libs/coap/code.h"
#include "libs/coap/message.h"

namespace lowband::edge::request {

/// The options that all blocks of a response have in common.
struct ResponseHead {
  coap::Code code;
  std::optional<uint32_t> http_status = {};  ///< Option 2048.
  std::optional<uint32_t> content_format = {};
  std::optional<uint32_t> max_age = {};  ///< Seconds.
  Bytes entity_tag = {};                 ///< Of the representation; empty: none.
  std::vector<std::string> location_path = {};
};

/// The options of single blocks.
struct ResponseBlocks {
  ByteView entity_tag = {};              ///< Of the transfer, if the head has none.
  std::optional<uint32_t> observe = {};  ///< RFC 7641 §3.3.
  std::optional<coap::Block> block2 = {};
  std::optional<coap::Block> block1 = {};
  std::optional<uint32_t> size2 = {};
  std::optional<uint32_t> size1 = {};
};

/// The message; message::Layer::Respond adds type and message ID.
Bytes WriteResponse(const coap::Token& token, const ResponseHead& head,
                    const ResponseBlocks& blocks, ByteView payload);

}  // namespace lowband::edge::request
