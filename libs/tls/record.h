// DTLS records in a datagram: split, not decrypted.
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

/// Header of a record without a connection id.
inline constexpr size_t kRecordHeaderBytes = 13;
/// Offset of a connection id.
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
  ByteView connection_id;  ///< Only in kConnectionId.
  ByteView fragment;       ///< Plaintext in epoch 0.
  ByteView bytes;          ///< The whole record.
};

/// Takes the first record from the front of `datagram`, which is moved on. `connection_id_bytes`:
/// the length of the reader's own ids, which records do not contain. None if the rest is no record:
/// unknown type or version, empty, or longer than the datagram.
std::optional<Record> TakeRecord(ByteView& datagram, size_t connection_id_bytes);

}  // namespace lowband::tls
