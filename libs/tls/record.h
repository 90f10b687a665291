// DTLS records as they lie in a datagram: cut apart, not decrypted.
//
//   plain       type 1 │ version 2 │ epoch 2 │ number 6 │                   length 2 │ fragment
//   with an id  25     │ version 2 │ epoch 2 │ number 6 │ connection id n │ length 2 │ fragment
//
// Threading: any. Ownership: views into the datagram. Spec: RFC 6347 §4.1, RFC 9146 §4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"

namespace lowband::tls {

/// Of a record without a connection id.
inline constexpr size_t kRecordHeaderBytes = 13;
/// Where a connection id stands.
inline constexpr size_t kConnectionIdOffset = 11;

inline constexpr uint16_t kDtls10 = 0xfeff;
inline constexpr uint16_t kDtls12 = 0xfefd;

/// Outer content types.
enum class RecordType : uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kConnectionId = 25,
};

struct Record {
  RecordType type;
  uint16_t version;  ///< kDtls10 or kDtls12.
  uint16_t epoch;
  uint64_t sequence;       ///< 48 bits.
  ByteView connection_id;  ///< Only of kConnectionId.
  ByteView fragment;       ///< Plaintext in epoch 0.
  ByteView bytes;          ///< The whole record.
};

/// Takes the first record off `datagram`, moving it on. `connection_id_bytes`: how long the ids are
/// that the reader hands out, which no record says. None if what is left is no record: unknown type
/// or version, empty, or longer than the datagram.
std::optional<Record> TakeRecord(ByteView& datagram, size_t connection_id_bytes);

}  // namespace lowband::tls
