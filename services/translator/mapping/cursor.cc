#include "services/translator/mapping/cursor.h"

#include <utility>

#include "libs/base/bytes.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

// Another one whenever the layout or the meaning of the residue changes.
constexpr char kPlain = 1;
constexpr char kWithPositions = 2;
constexpr size_t kResidueBytes = 8;
static_assert(kExtensionPositionsMax <= UINT8_MAX && kExtensionNameBytesMax <= UINT8_MAX);
static_assert(kExtensionPositionBytesMax <= UINT16_MAX);

void AppendUint(uint64_t value, size_t size, std::string& bytes) {
  for (size_t i = size; i-- > 0;) bytes.push_back(static_cast<char>(value >> (8 * i)));
}

/// Takes the parts of `bytes` from their front; none: they are too short.
class Front {
 public:
  explicit Front(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::string_view> Text(size_t size) {
    if (bytes_.size() < size) return std::nullopt;
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }
  std::optional<uint64_t> Uint(size_t size) {
    const auto text = Text(size);
    if (!text) return std::nullopt;
    uint64_t value = 0;
    for (const char byte : *text) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  /// After a length of so many bytes.
  std::optional<std::string_view> Counted(size_t length_bytes) {
    const auto size = Uint(length_bytes);
    return size ? Text(*size) : std::nullopt;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

bool ReadPositions(Front& front, ExtensionPositions& positions) {
  const auto count = front.Uint(1);
  if (!count) return false;
  for (uint64_t i = 0; i < *count; ++i) {
    const auto name = front.Counted(1);
    const auto since = front.Counted(2);
    if (!name || !since || !IsUtf8(AsBytes(*name)) || !IsUtf8(AsBytes(*since))) return false;
    if (!SetPosition(positions, {std::string(*name), std::string(*since)})) return false;
  }
  return true;
}

}  // namespace

std::string WriteCursor(const Cursor& cursor) {
  std::string bytes(1, cursor.positions.empty() ? kPlain : kWithPositions);
  AppendUint(cursor.residue, kResidueBytes, bytes);
  if (!cursor.positions.empty()) AppendUint(cursor.positions.size(), 1, bytes);
  for (const ExtensionPosition& position : cursor.positions) {
    AppendUint(position.extension.size(), 1, bytes);
    bytes += position.extension;
    AppendUint(position.since.size(), 2, bytes);
    bytes += position.since;
  }
  return bytes + cursor.next_batch;
}

std::optional<Cursor> ReadCursor(std::string_view bytes) {
  Front front(bytes);
  const auto version = front.Text(1);
  const auto residue = front.Uint(kResidueBytes);
  if (!residue || (version->front() != kPlain && version->front() != kWithPositions)) {
    return std::nullopt;
  }
  Cursor cursor{{}, *residue};
  if (version->front() == kWithPositions && !ReadPositions(front, cursor.positions)) {
    return std::nullopt;
  }
  cursor.next_batch = front.rest();
  if (cursor.next_batch.empty() || cursor.next_batch.size() > kNextBatchBytesMax ||
      !IsUtf8(AsBytes(cursor.next_batch))) {
    return std::nullopt;
  }
  return cursor;
}

}  // namespace lowband::translator::mapping
