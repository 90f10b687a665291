// Conversions in one expression, for tests: the result as text, or the error behind "! ".
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "libs/transcode/transcode.h"
#include "tests/unit/libs/transcode/hex.h"

namespace lowband::transcode {

inline std::string Json(ByteView cbor, Order order = Order::kSource,
                        Rules rules = Rules::kRequest) {
  std::string json;
  const auto result = CborToJson(cbor, json, order, rules);
  return result ? json : "! " + result.error().Text();
}

inline std::string Json(std::string_view hex, Order order = Order::kSource,
                        Rules rules = Rules::kRequest) {
  return Json(ByteView(FromHex(hex)), order, rules);
}

inline std::string Cbor(std::string_view json, KeyTable keys = KeyTable::kV1,
                        Order order = Order::kSource) {
  Bytes cbor;
  const auto result = JsonToCbor(json, cbor, keys, order);
  return result ? ToHex(cbor) : "! " + result.error().Text();
}

/// A test fails if `json` is wrong.
inline Bytes CborOf(std::string_view json) {
  Bytes cbor;
  EXPECT_TRUE(JsonToCbor(json, cbor)) << json;
  return cbor;
}

}  // namespace lowband::transcode
