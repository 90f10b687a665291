// Operations on words of bytes: loads, marks and copies for the two scanners' inner loops.
//
// Threading: pure functions. Limits: if a function may read or write past its arguments, its
// comment states how far.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lowband::transcode {

static_assert(std::endian::native == std::endian::little, "words are read as little-endian");

/// The eight bytes at `from`.
inline uint64_t Load64(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Eight bytes, checked for characters that a JSON string must escape: a quote, a backslash, a
/// control character.
class SwarBlock {
 public:
  static constexpr size_t kBytes = 8;
  static SwarBlock Load(const uint8_t* from) { return SwarBlock(Load64(from)); }

  void Store(uint8_t* to) const { std::memcpy(to, &word_, sizeof word_); }
  bool Ascii() const { return (word_ & kHighBits) == 0; }
  bool AnySpecial() const { return Marks() != 0; }
  /// Index of the first special byte. REQUIRES: AnySpecial().
  size_t FirstSpecial() const { return static_cast<size_t>(std::countr_zero(Marks())) / 8; }

 private:
  static constexpr uint64_t kOnes = 0x0101010101010101;
  static constexpr uint64_t kHighBits = 0x8080808080808080;

  explicit SwarBlock(uint64_t word) : word_(word) {}

  static uint64_t BelowMarks(uint64_t word, uint64_t limit) {
    return (word - kOnes * limit) & ~word & kHighBits;
  }
  /// The high bit of each special byte; bits above the first one may be wrong, because borrows
  /// propagate.
  uint64_t Marks() const {
    return BelowMarks(word_, 0x20) | BelowMarks(word_ ^ (kOnes * '"'), 1) |
           BelowMarks(word_ ^ (kOnes * '\\'), 1);
  }

  uint64_t word_;
};

#if defined(__SSE2__)
/// As SwarBlock for thirty-two bytes: enough for most keys and many values.
class SseBlock {
 public:
  static constexpr size_t kBytes = 32;
  static SseBlock Load(const uint8_t* from) {
    const auto* const halves = reinterpret_cast<const __m128i*>(from);
    return {_mm_loadu_si128(halves), _mm_loadu_si128(halves + 1)};
  }

  void Store(uint8_t* to) const {
    auto* const halves = reinterpret_cast<__m128i*>(to);
    _mm_storeu_si128(halves, low_);
    _mm_storeu_si128(halves + 1, high_);
  }
  bool Ascii() const { return _mm_movemask_epi8(_mm_or_si128(low_, high_)) == 0; }
  bool AnySpecial() const { return Marks() != 0; }
  size_t FirstSpecial() const { return static_cast<size_t>(std::countr_zero(Marks())); }

 private:
  SseBlock(__m128i low, __m128i high) : low_(low), high_(high) {}

  static uint32_t MarksOf(__m128i bytes) {
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control);
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return static_cast<uint32_t>(
        _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
  }
  uint32_t Marks() const { return MarksOf(low_) | MarksOf(high_) << 16; }

  __m128i low_;
  __m128i high_;
};
using Block = SseBlock;
#else
using Block = SwarBlock;
#endif

inline bool IsSpecial(uint8_t byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

/// The first special byte of [from, end), or end.
template <class B = Block>
inline const uint8_t* FindSpecial(const uint8_t* from, const uint8_t* end) {
  for (; static_cast<size_t>(end - from) >= B::kBytes; from += B::kBytes) {
    const B block = B::Load(from);
    if (block.AnySpecial()) return from + block.FirstSpecial();
  }
  if constexpr (B::kBytes > SwarBlock::kBytes) return FindSpecial<SwarBlock>(from, end);
  while (from != end && !IsSpecial(*from)) ++from;
  return from;
}

/// Bytes past the end of the copy that CopyPadded may write, and may read below `end`.
inline constexpr size_t kCopyPadding = 32;

/// Copies `size` bytes. Short runs go in whole blocks, without the branches of memcpy: writes up to
/// kCopyPadding bytes more, and reads more only below `end`.
inline void CopyPadded(uint8_t* to, const uint8_t* from, size_t size, const uint8_t* end) {
  constexpr size_t kShort = 128;
  if (size > kShort || static_cast<size_t>(end - from) < size + kCopyPadding) {
    std::memcpy(to, from, size);
    return;
  }
  size_t i = 0;
  do {
    std::memcpy(to + i, from + i, kCopyPadding);
    i += kCopyPadding;
  } while (i < size);
}

}  // namespace lowband::transcode
