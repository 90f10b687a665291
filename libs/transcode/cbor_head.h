// The heads of CBOR data items (RFC 8949 §3).
//
// Threading: pure functions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lowband::transcode {

/// The major types, as the high three bits of an initial byte.
enum class Major : uint8_t {
  kUnsigned = 0x00,
  kNegative = 0x20,
  kBytes = 0x40,
  kText = 0x60,
  kArray = 0x80,
  kMap = 0xa0,
  kTag = 0xc0,
  kSimple = 0xe0,
};

// Low five bits of an initial byte.
inline constexpr uint8_t kInfoUint8 = 24;  // an argument of 1, 2, 4 or 8 bytes follows
inline constexpr uint8_t kInfoUint16 = 25;
inline constexpr uint8_t kInfoUint32 = 26;
inline constexpr uint8_t kInfoUint64 = 27;
inline constexpr uint8_t kInfoIndefinite = 31;

// Whole items of one byte.
inline constexpr uint8_t kFalse = 0xf4;
inline constexpr uint8_t kTrue = 0xf5;
inline constexpr uint8_t kNull = 0xf6;
inline constexpr uint8_t kUndefined = 0xf7;
inline constexpr uint8_t kFloat16 = 0xf9;  // initial bytes of floats
inline constexpr uint8_t kFloat32 = 0xfa;
inline constexpr uint8_t kFloat64 = 0xfb;
inline constexpr uint8_t kBreak = 0xff;

inline constexpr size_t kHeadBytesMax = 9;

inline Major MajorOf(uint8_t initial) { return static_cast<Major>(initial & 0xe0); }
inline uint8_t InfoOf(uint8_t initial) { return initial & 0x1f; }

template <class Word>
Word BigEndian(Word word) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof word == 2) return __builtin_bswap16(word);
  if constexpr (sizeof word == 4) return __builtin_bswap32(word);
  if constexpr (sizeof word == 8) return __builtin_bswap64(word);
  return word;
}

template <class Word>
Word LoadBigEndian(const uint8_t* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return BigEndian(word);
}

template <class Word>
uint8_t* StoreBigEndian(uint8_t* out, Word word) {
  word = BigEndian(word);
  std::memcpy(out, &word, sizeof word);
  return out + sizeof word;
}

/// Bytes of the shortest head with this argument.
inline constexpr size_t HeadBytes(uint64_t argument) {
  if (argument < kInfoUint8) return 1;
  if (argument <= UINT8_MAX) return 2;
  if (argument <= UINT16_MAX) return 3;
  if (argument <= UINT32_MAX) return 5;
  return kHeadBytesMax;
}

/// Writes the shortest head and returns where it ends. REQUIRES: HeadBytes(argument) of room.
inline uint8_t* WriteHead(uint8_t* out, Major major, uint64_t argument) {
  const auto type = static_cast<uint8_t>(major);
  if (argument < kInfoUint8) {
    *out = static_cast<uint8_t>(type | argument);
    return out + 1;
  }
  if (argument <= UINT8_MAX) {
    out[0] = type | kInfoUint8;
    out[1] = static_cast<uint8_t>(argument);
    return out + 2;
  }
  if (argument <= UINT16_MAX) {
    *out = type | kInfoUint16;
    return StoreBigEndian(out + 1, static_cast<uint16_t>(argument));
  }
  if (argument <= UINT32_MAX) {
    *out = type | kInfoUint32;
    return StoreBigEndian(out + 1, static_cast<uint32_t>(argument));
  }
  *out = type | kInfoUint64;
  return StoreBigEndian(out + 1, argument);
}

}  // namespace lowband::transcode
