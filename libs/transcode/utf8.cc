#include "libs/transcode/utf8.h"

namespace lowband::transcode {
namespace {

bool InRange(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

/// Bytes of the sequence at the start of `text`, or 0 (table 3-7 of the Unicode Standard).
size_t SequenceBytes(ByteView text) {
  const uint8_t lead = text[0];
  if (lead < 0x80) return 1;
  size_t size = 0;
  uint8_t low = 0x80;  // of the second byte
  uint8_t high = 0xbf;
  if (InRange(lead, 0xc2, 0xdf)) {
    size = 2;
  } else if (InRange(lead, 0xe0, 0xef)) {
    size = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (InRange(lead, 0xf0, 0xf4)) {
    size = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (size == 0 || text.size() < size || !InRange(text[1], low, high)) return 0;
  for (size_t i = 2; i < size; ++i) {
    if (!InRange(text[i], 0x80, 0xbf)) return 0;
  }
  return size;
}

}  // namespace

size_t Utf8Prefix(ByteView text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t size = SequenceBytes(text.subspan(offset));
    if (size == 0) break;
    offset += size;
  }
  return offset;
}

}  // namespace lowband::transcode
