#include "libs/transcode/cbor_number.h"

#include <bit>
#include <cmath>
#include <optional>

#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

constexpr int kHalfMantissaBits = 10;
constexpr int kFloatMantissaBits = 23;
constexpr int kFloatBias = 127;
constexpr int kHalfBias = 15;

/// The half-precision form of a finite float, if it has one that is exact.
std::optional<uint16_t> ExactHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const int exponent = static_cast<int>((bits >> kFloatMantissaBits) & 0xff) - kFloatBias;
  const uint32_t mantissa = bits & ((1u << kFloatMantissaBits) - 1);
  if (exponent > kHalfBias) return std::nullopt;
  if (exponent >= 1 - kHalfBias) {  // normal in both
    constexpr int kSpare = kFloatMantissaBits - kHalfMantissaBits;
    if ((mantissa & ((1u << kSpare) - 1)) != 0) return std::nullopt;
    const auto biased = static_cast<uint32_t>(exponent + kHalfBias);
    return static_cast<uint16_t>(sign | (biased << kHalfMantissaBits) | (mantissa >> kSpare));
  }
  // Subnormal in half precision: multiples of 2^-24 below 2^-14.
  const float units = std::ldexp(std::fabs(value), 24);
  const auto whole = static_cast<uint16_t>(units);
  if (static_cast<float>(whole) != units) return std::nullopt;
  return static_cast<uint16_t>(sign | whole);
}

}  // namespace

bool IsInteger(double value) {
  return std::fabs(value) <= static_cast<double>(kIntegerMax) && value == std::trunc(value);
}

uint8_t* WriteDouble(uint8_t* out, double value) {
  if (IsInteger(value)) {
    return WriteInteger(out, value < 0, static_cast<uint64_t>(std::fabs(value)));
  }
  const auto single = static_cast<float>(value);
  if (static_cast<double>(single) != value) {
    *out = kFloat64;
    return StoreBigEndian(out + 1, std::bit_cast<uint64_t>(value));
  }
  if (const std::optional<uint16_t> half = ExactHalf(single)) {
    *out = kFloat16;
    return StoreBigEndian(out + 1, *half);
  }
  *out = kFloat32;
  return StoreBigEndian(out + 1, std::bit_cast<uint32_t>(single));
}

double HalfToDouble(uint16_t half) {
  const int exponent = (half >> kHalfMantissaBits) & 0x1f;
  const int mantissa = half & 0x3ff;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 0x1f) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? HUGE_VAL : std::nan("");
  }
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace lowband::transcode
