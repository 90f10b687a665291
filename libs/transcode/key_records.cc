#include "libs/transcode/key_records.h"

namespace lowband::transcode {
namespace {

/// Both halves of the product, folded: every input bit reaches every output bit.
uint64_t Fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kSaltA = 0xa0761d6478bd642f;
constexpr uint64_t kSaltB = 0xe7037ed1a0b428db;

}  // namespace

uint64_t KeyTextHash(const uint8_t* key, size_t size, KeyEnds ends) {
  uint64_t hash = size * kSaltB;  // spread, so that no byte of the key can make up for it
  for (size_t i = 8; i + 8 < size; i += 8) hash = Fold(hash ^ Load64(key + i), kSaltB);
  return Fold(ends.first ^ kSaltA ^ hash, ends.last ^ kSaltB);
}

bool KeyRecords::AnyEqualHash(size_t base) {
  constexpr size_t kFew = 24;  // below it, comparing all pairs beats sorting
  const std::span records = From(base);
  if (records.size() <= kFew) {
    for (size_t i = 1; i < records.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (records[i].hash == records[j].hash) return true;
      }
    }
    return false;
  }
  scratch_.clear();
  for (const KeyRecord& record : records) scratch_.push_back(record.hash);
  std::sort(scratch_.begin(), scratch_.end());
  return std::adjacent_find(scratch_.begin(), scratch_.end()) != scratch_.end();
}

}  // namespace lowband::transcode
