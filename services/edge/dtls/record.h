// DTLS records as they lie in a datagram: cut apart, not decrypted.
//
// Threading: any. Ownership: views into the datagram. Spec: RFC 6347 §4.1, RFC 9146 §4.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"
#include "services/edge/dtls/connection_id.h"

namespace lowband::edge::dtls {

/// Outer content types.
enum class RecordType : uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kConnectionId = kRecordTypeCid,
};

struct Record {
  RecordType type;
  uint16_t version;  ///< 0xfeff or 0xfefd.
  uint16_t epoch;
  uint64_t sequence;  ///< 48 bits.
  ConnectionId id;    ///< Only of kConnectionId.
  ByteView fragment;  ///< Plaintext in epoch 0.
  ByteView bytes;     ///< The whole record.
};

/// Takes the first record off `datagram`, moving it on. None if what is left is no record: unknown
/// type or version, empty, or longer than the datagram.
std::optional<Record> TakeRecord(ByteView& datagram);

}  // namespace lowband::edge::dtls
