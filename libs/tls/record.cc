#include "libs/tls/record.h"

namespace lowband::tls {
namespace {

bool IsKnownType(uint8_t type) {
  return (type >= static_cast<uint8_t>(RecordType::kChangeCipherSpec) &&
          type <= static_cast<uint8_t>(RecordType::kApplicationData)) ||
         type == static_cast<uint8_t>(RecordType::kConnectionId);
}

uint64_t BigEndian(ByteView bytes) {
  uint64_t out = 0;
  for (const uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

}  // namespace

std::optional<Record> TakeRecord(ByteView& datagram, size_t connection_id_bytes) {
  if (datagram.size() < kRecordHeaderBytes || !IsKnownType(datagram[0])) return std::nullopt;
  Record record{};
  record.type = static_cast<RecordType>(datagram[0]);
  record.version = static_cast<uint16_t>(BigEndian(datagram.subspan(1, 2)));
  if (record.version != kDtls10 && record.version != kDtls12) return std::nullopt;
  record.epoch = static_cast<uint16_t>(BigEndian(datagram.subspan(3, 2)));
  record.sequence = BigEndian(datagram.subspan(5, 6));
  size_t header = kRecordHeaderBytes;
  if (record.type == RecordType::kConnectionId) {
    header += connection_id_bytes;
    if (datagram.size() < header) return std::nullopt;
    record.connection_id = datagram.subspan(kConnectionIdOffset, connection_id_bytes);
  }
  const auto length = static_cast<size_t>(BigEndian(datagram.subspan(header - 2, 2)));
  if (length == 0 || length > datagram.size() - header) return std::nullopt;
  record.fragment = datagram.subspan(header, length);
  record.bytes = datagram.first(header + length);
  datagram = datagram.subspan(header + length);
  return record;
}

}  // namespace lowband::tls
