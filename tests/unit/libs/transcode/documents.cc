#include "tests/unit/libs/transcode/documents.h"

#include <bit>
#include <cmath>
#include <string_view>

#include "libs/transcode/key_table.h"
#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPieces[] = {
    "a",    "b",    "Z",    "0", " ",      "\"", "\\", "/",    "\n",           "\t",
    "\x01", "\x1f", "\x7f", "é", "\u2028", "你", "😀",  "type", "hello world ", "m.room.message"};

}  // namespace

std::string Documents::String() {
  std::string text;
  for (uint64_t pieces = Below(OneIn(8) ? 200 : 8); pieces > 0; --pieces) {
    text += kPieces[Below(std::size(kPieces))];
  }
  return text;
}

std::string Documents::Key() {
  if (OneIn(2)) return std::string(KeyName(1 + static_cast<unsigned>(Below(kKeyIdMax))));
  return OneIn(4) ? std::to_string(Below(3000)) : String();
}

Json Documents::Number() {
  const uint64_t magnitude = random_() >> (11 + Below(53));
  switch (Below(5)) {
    case 0: return -static_cast<int64_t>(magnitude);
    case 1: return static_cast<double>(magnitude) / 1024;
    case 2:
      return static_cast<double>(
          std::bit_cast<float>(static_cast<uint32_t>(0x3f000000 + Below(0x00ffffff))));
    case 3: return std::ldexp(static_cast<double>(magnitude + 1), -static_cast<int>(Below(120)));
    default: return magnitude;
  }
}

Json Documents::Value(int depth) {
  switch (Below(depth > 0 ? 9 : 5)) {
    case 0: return nullptr;
    case 1: return OneIn(2);
    case 2: return Number();
    case 3:
    case 4: return String();
    case 5:
    case 6: {
      Json array = Json::array();
      for (uint64_t i = Below(OneIn(10) ? 40 : 6); i > 0; --i) array.push_back(Value(depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (uint64_t i = Below(OneIn(10) ? 60 : 8); i > 0; --i) object[Key()] = Value(depth - 1);
      return object;
    }
  }
}

std::string Documents::Space() {
  constexpr std::string_view kSpaces = " \t\r\n";
  std::string space;
  while (OneIn(6)) space.push_back(kSpaces[Below(kSpaces.size())]);
  return space;
}

std::string Documents::Text(const Json& tree) {
  std::string json = Space();
  AppendText(tree, json);
  return json + Space();
}

void Documents::AppendString(const std::string& text, std::string& json) {
  if (!OneIn(8)) {
    json += Json(text).dump(-1, ' ', OneIn(4));
    return;
  }
  json.push_back('"');  // every ASCII character as an escape
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x80) {
      constexpr char kDigits[] = "0123456789ABCDEF";
      json += "\\u00";
      json.push_back(kDigits[c >> 4]);
      json.push_back(kDigits[c & 15]);
    } else {
      json.push_back(c);
    }
  }
  json.push_back('"');
}

void Documents::AppendText(const Json& tree, std::string& json) {
  if (tree.is_string()) return AppendString(tree.get<std::string>(), json);
  if (!tree.is_structured()) {
    json += tree.dump();
    const bool whole = tree.is_number_integer();
    if (whole && OneIn(4)) json += OneIn(2) ? ".0" : "e0";
    return;
  }
  json.push_back(tree.is_object() ? '{' : '[');
  json += Space();
  bool first = true;
  for (const auto& item : tree.items()) {
    if (!first) json += "," + Space();
    first = false;
    if (tree.is_object()) {
      AppendString(item.key(), json);
      json += Space() + ":" + Space();
    }
    AppendText(item.value(), json);
    json += Space();
  }
  json.push_back(tree.is_object() ? '}' : ']');
}

Bytes Documents::Cbor(const Json& tree) {
  Bytes cbor;
  AppendCbor(tree, cbor);
  return cbor;
}

void Documents::AppendHead(int major, uint64_t argument, Bytes& cbor) {
  int bytes = -1;  // of the argument, as a power of two
  if (argument >= 24) bytes = 0;
  if (argument > UINT8_MAX) bytes = 1;
  if (argument > UINT16_MAX) bytes = 2;
  if (argument > UINT32_MAX) bytes = 3;
  while (bytes < 3 && OneIn(10)) ++bytes;
  const auto type = static_cast<uint8_t>(major << 5);
  cbor.push_back(type |
                 static_cast<uint8_t>(bytes < 0 ? argument : 24u + static_cast<unsigned>(bytes)));
  for (int i = bytes < 0 ? -1 : (1 << bytes) - 1; i >= 0; --i) {
    cbor.push_back(static_cast<uint8_t>(argument >> (8 * i)));
  }
}

void Documents::AppendCborText(const std::string& text, Bytes& cbor) {
  if (!OneIn(6)) {
    AppendHead(3, text.size(), cbor);
    return Append(cbor, AsBytes(text));
  }
  cbor.push_back(0x7f);
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1 + Below(text.size() - at);
    while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) ++end;
    AppendHead(3, end - at, cbor);
    Append(cbor, AsBytes(std::string_view(text).substr(at, end - at)));
    at = end;
  }
  cbor.push_back(0xff);
}

void Documents::AppendCborKey(const std::string& key, Bytes& cbor) {
  const unsigned id = KeyId(key);
  if (id != 0 && !OneIn(4)) return AppendHead(0, id, cbor);
  AppendCborText(key, cbor);
}

void Documents::AppendCbor(const Json& tree, Bytes& cbor) {
  while (OneIn(12)) AppendHead(6, Below(70'000), cbor);
  if (tree.is_string()) return AppendCborText(tree.get<std::string>(), cbor);
  if (!tree.is_structured()) {
    if (tree.is_number() && OneIn(3)) {
      cbor.push_back(0xfb);
      const auto bits = std::bit_cast<uint64_t>(tree.get<double>());
      for (int i = 7; i >= 0; --i) cbor.push_back(static_cast<uint8_t>(bits >> (8 * i)));
      return;
    }
    return Append(cbor, Json::to_cbor(tree));
  }
  const bool indefinite = OneIn(5);
  const int major = tree.is_object() ? 5 : 4;
  if (indefinite) {
    cbor.push_back(static_cast<uint8_t>(major << 5 | 31));
  } else {
    AppendHead(major, tree.size(), cbor);
  }
  for (const auto& item : tree.items()) {
    if (tree.is_object()) AppendCborKey(item.key(), cbor);
    AppendCbor(item.value(), cbor);
  }
  if (indefinite) cbor.push_back(0xff);
}

}  // namespace lowband::transcode
