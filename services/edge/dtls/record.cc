#include "services/edge/dtls/record.h"

#include <algorithm>

namespace lowband::edge::dtls {
namespace {

constexpr uint16_t kDtls10 = 0xfeff;
constexpr uint16_t kDtls12 = 0xfefd;

bool IsKnownType(uint8_t type) {
  return (type >= static_cast<uint8_t>(RecordType::kChangeCipherSpec) &&
          type <= static_cast<uint8_t>(RecordType::kApplicationData)) ||
         type == kRecordTypeCid;
}

uint64_t BigEndian(ByteView bytes) {
  uint64_t out = 0;
  for (const uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

}  // namespace

std::optional<Record> TakeRecord(ByteView& datagram) {
  if (datagram.size() < kRecordHeaderBytes || !IsKnownType(datagram[0])) return std::nullopt;
  Record record{};
  record.type = static_cast<RecordType>(datagram[0]);
  record.version = static_cast<uint16_t>(BigEndian(datagram.subspan(1, 2)));
  if (record.version != kDtls10 && record.version != kDtls12) return std::nullopt;
  record.epoch = static_cast<uint16_t>(BigEndian(datagram.subspan(3, 2)));
  record.sequence = BigEndian(datagram.subspan(5, 6));
  size_t header = kRecordHeaderBytes;
  if (record.type == RecordType::kConnectionId) {
    header += kConnectionIdBytes;
    if (datagram.size() < header) return std::nullopt;
    std::copy_n(datagram.begin() + kConnectionIdOffset, kConnectionIdBytes, record.id.begin());
  }
  const auto length = static_cast<size_t>(BigEndian(datagram.subspan(header - 2, 2)));
  if (length == 0 || length > datagram.size() - header) return std::nullopt;
  record.fragment = datagram.subspan(header, length);
  record.bytes = datagram.first(header + length);
  datagram = datagram.subspan(header + length);
  return record;
}

}  // namespace lowband::edge::dtls
