#include "services/translator/mapping/cursor.h"

#include "libs/base/bytes.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

// Raised whenever the layout or the meaning of the residue changes.
constexpr char kVersion = 1;
constexpr size_t kResidueBytes = 8;
constexpr size_t kHeadBytes = 1 + kResidueBytes;

}  // namespace

std::string WriteCursor(const Cursor& cursor) {
  std::string bytes(1, kVersion);
  for (size_t i = kResidueBytes; i-- > 0;) {
    bytes.push_back(static_cast<char>(cursor.residue >> (8 * i)));
  }
  return bytes + cursor.next_batch;
}

std::optional<Cursor> ReadCursor(std::string_view bytes) {
  if (bytes.size() <= kHeadBytes || bytes.size() > kHeadBytes + kNextBatchBytesMax) {
    return std::nullopt;
  }
  if (bytes[0] != kVersion) return std::nullopt;
  Cursor cursor;
  for (const char byte : bytes.substr(1, kResidueBytes)) {
    cursor.residue = cursor.residue << 8 | static_cast<uint8_t>(byte);
  }
  cursor.next_batch = bytes.substr(kHeadBytes);
  if (!IsUtf8(AsBytes(cursor.next_batch))) return std::nullopt;
  return cursor;
}

}  // namespace lowband::translator::mapping
