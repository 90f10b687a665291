#include "libs/transcode/base64_text.h"

#include <array>

namespace lowband::transcode {
namespace {

constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kStandardAlphabet.size() == 64 && kUrlAlphabet.size() == 64);

/// Above all values of six bits: no character of the alphabet.
constexpr uint8_t kNone = 0x80;

using Values = std::array<uint8_t, 256>;
constexpr Values ValuesOf(std::string_view alphabet) {
  Values values{};
  values.fill(kNone);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr Values kStandardValues = ValuesOf(kStandardAlphabet);
constexpr Values kUrlValues = ValuesOf(kUrlAlphabet);

/// The bytes that the last characters of a text stand for: 1 for two, 2 for three.
bool ReadRest(const uint8_t* in, size_t size, const Values& values, uint8_t* out) {
  if (size == 0) return true;
  const uint32_t third = size == 3 ? values[in[2]] : 0;
  const uint32_t seen = values[in[0]] | values[in[1]] | third;
  const uint32_t bits = uint32_t{values[in[0]]} << 18 | uint32_t{values[in[1]]} << 12 | third << 6;
  const uint32_t unused = size == 2 ? bits & 0xffff : bits & 0xff;
  if ((seen & kNone) != 0 || unused != 0) return false;
  out[0] = static_cast<uint8_t>(bits >> 16);
  if (size == 3) out[1] = static_cast<uint8_t>(bits >> 8);
  return true;
}

}  // namespace

bool ReadBase64(std::string_view text, Base64 alphabet, Bytes& bytes) {
  if (text.size() % 4 == 1) return false;
  const Values& values = alphabet == Base64::kStandard ? kStandardValues : kUrlValues;
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const size_t before = bytes.size();
  bytes.resize(before + Base64Bytes(text.size()));
  uint8_t* out = bytes.data() + before;
  uint32_t seen = 0;
  for (size_t left = text.size() / 4; left > 0; --left, in += 4, out += 3) {
    const uint32_t a = values[in[0]];
    const uint32_t b = values[in[1]];
    const uint32_t c = values[in[2]];
    const uint32_t d = values[in[3]];
    seen |= a | b | c | d;
    const uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    out[0] = static_cast<uint8_t>(bits >> 16);
    out[1] = static_cast<uint8_t>(bits >> 8);
    out[2] = static_cast<uint8_t>(bits);
  }
  if ((seen & kNone) == 0 && ReadRest(in, text.size() % 4, values, out)) return true;
  bytes.resize(before);
  return false;
}

void WriteBase64(ByteView bytes, Base64 alphabet, Bytes& text) {
  const std::string_view characters =
      alphabet == Base64::kStandard ? kStandardAlphabet : kUrlAlphabet;
  const size_t before = text.size();
  text.resize(before + Base64Characters(bytes.size()));
  uint8_t* out = text.data() + before;
  const auto put = [&](uint32_t bits, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      *out++ = static_cast<uint8_t>(characters[bits >> (18 - 6 * i) & 0x3f]);
    }
  };
  size_t at = 0;
  for (; bytes.size() - at >= 3; at += 3) {
    put(uint32_t{bytes[at]} << 16 | uint32_t{bytes[at + 1]} << 8 | bytes[at + 2], 4);
  }
  if (bytes.size() - at == 1) put(uint32_t{bytes[at]} << 16, 2);
  if (bytes.size() - at == 2) put(uint32_t{bytes[at]} << 16 | uint32_t{bytes[at + 1]} << 8, 3);
}

}  // namespace lowband::transcode
