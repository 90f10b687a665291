// The options of a request, read once and checked against the options that a request may have.
//
//   critical, unknown or out of its range or repeated ──▶ 4.02      (RFC 7252 §5.4.1, §5.4.5)
//   elective, unknown or out of its range or repeated ──▶ ignored
//   Proxy-Uri, Proxy-Scheme ──▶ 5.05   Block1 or Block2 of the reserved size ──▶ 4.00
//   If-None-Match ──▶ 4.02: Matrix creates nothing under a given name
//   Uri-Host, Uri-Port ──▶ ignored: there is one homeserver
//   Echo ──▶ ignored: elective
//
// Threading: free functions without state; any thread. Ownership: views of the message. Spec:
// RFC 7252 §5.4, §5.10, RFC 7959 §2.2, RFC 7967, RFC 9175 §3.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/coap/block.h"
#include "libs/coap/message.h"
#include "lowband/v1/translator.pb.h"
#include "services/edge/request/refusal.h"

namespace lowband::edge::request {

/// The target of a request, as hashes that are unique in a session: its cache key (RFC 7252 §5.6)
/// without the parts that all its requests share.
struct TransferKey {
  uint64_t path = 0;
  uint64_t queries = 0;   ///< 0: none.
  uint64_t resource = 0;  ///< Method, path and queries.
  uint64_t upload = 0;    ///< The same and Request-Tag (RFC 9175 §3.3).
  uint64_t tag = 0;       ///< Request-Tag; 0: none.
  v1::Method method = v1::METHOD_UNSPECIFIED;
  // The form of the answer depends on them.
  std::optional<uint32_t> accept = {};
  std::optional<uint32_t> content_format = {};
  /// The body of a FETCH, which is part of its cache key (RFC 8132 §2); 0: none, or not known.
  uint64_t body = 0;
};

/// TransferKey::body of a whole body.
uint64_t BodyKey(v1::Method method, ByteView body);

struct RequestOptions {
  v1::Method method = v1::METHOD_UNSPECIFIED;
  TransferKey key;
  std::optional<uint32_t> content_format;
  std::optional<uint32_t> accept;
  std::optional<coap::Block> block1;
  std::optional<coap::Block> block2;
  std::optional<uint32_t> size1;
  std::optional<uint32_t> observe;       ///< 0: register, 1: deregister (RFC 7641 §2).
  uint8_t no_response = 0;               ///< Classes of no interest (RFC 7967 §2).
  std::optional<ByteView> access_token;  ///< Option 256.
  std::optional<uint32_t> key_table;     ///< Option 257.
  std::optional<ByteView> user_agent;    ///< Option 2050, within its limit.
  bool entity_tag = false;               ///< Has an ETag.
  /// The first error. The fields above are valid as far as they were read.
  std::optional<Refusal> refusal;
};

RequestOptions ReadOptions(const coap::MessageView& message);

}  // namespace lowband::edge::request
