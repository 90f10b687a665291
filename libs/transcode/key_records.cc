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
constexpr uint64_t kSaltC = 0x8ebc6af09c88c6e3;

}  // namespace

uint64_t KeyTextHash(const uint8_t* key, size_t size, KeyStart start) {
  // The size is multiplied, so that no byte of the key can cancel it.
  uint64_t hash = Fold(start.low ^ kSaltA ^ size * kSaltC, start.high ^ kSaltB);
  for (size_t i = 16; i < size; i += 16) {
    const uint8_t* const word = i + 16 < size ? key + i : key + size - 16;
    hash = Fold(hash ^ Load64(word), Load64(word + 8) ^ kSaltB);
  }
  return hash;
}

void KeyRecords::Grow() {
  auto larger = std::make_unique_for_overwrite<KeyRecord[]>(2 * size_t{capacity_});
  std::copy_n(records_, size_, larger.get());
  more_ = std::move(larger);
  records_ = more_.get();
  capacity_ *= 2;
}

bool KeyRecords::AnyEqualHash(uint32_t base) const {
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
  std::vector<uint64_t> hashes;
  hashes.reserve(records.size());
  for (const KeyRecord& record : records) hashes.push_back(record.hash);
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

}  // namespace lowband::transcode
