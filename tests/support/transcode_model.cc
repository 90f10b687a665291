#include "tests/support/transcode_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>

#include "libs/transcode/key_table.h"
#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

using Tree = nlohmann::json;

struct Refused {};

double Half(uint64_t bits) {
  const double magnitude =
      (bits >> 10 & 31) == 0    ? std::ldexp(static_cast<double>(bits & 1023), -24)
      : (bits >> 10 & 31) == 31 ? INFINITY
                                : std::ldexp(static_cast<double>((bits & 1023) | 1024),
                                             static_cast<int>(bits >> 10 & 31) - 25);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

class CborReader {
 public:
  explicit CborReader(ByteView cbor) : rest_(cbor) {}

  Tree Document() {
    Tree value = Item(0);
    if (!rest_.empty()) throw Refused();
    return value;
  }

 private:
  struct Head {
    int major;
    int info;
    uint64_t argument;
  };

  uint8_t Byte() {
    if (rest_.empty()) throw Refused();
    const uint8_t byte = rest_[0];
    rest_ = rest_.subspan(1);
    return byte;
  }

  Head ReadHead() {
    const uint8_t initial = Byte();
    Head head{initial >> 5, initial & 31, static_cast<uint64_t>(initial & 31)};
    if (head.info >= 24 && head.info < 28) {
      head.argument = 0;
      for (int i = 0; i < 1 << (head.info - 24); ++i) head.argument = head.argument << 8 | Byte();
    } else if (head.info >= 28 && head.info < 31) {
      throw Refused();
    }
    return head;
  }

  bool TakeBreak() {
    if (rest_.empty() || rest_[0] != 0xff) return false;
    rest_ = rest_.subspan(1);
    return true;
  }

  Head ReadUntaggedHead() {
    Head head = ReadHead();
    while (head.major == 6) {
      if (head.info == 31) throw Refused();
      head = ReadHead();
    }
    return head;
  }

  std::string Text(const Head& head) {
    if (head.info == 31) {
      std::string text;
      while (!TakeBreak()) {
        const Head chunk = ReadHead();
        if (chunk.major != 3 || chunk.info == 31) throw Refused();
        text += Text(chunk);
      }
      return text;
    }
    if (head.argument > rest_.size()) throw Refused();
    const std::string text(AsText(rest_.first(head.argument)));
    rest_ = rest_.subspan(head.argument);
    try {
      (void)Tree(text).dump();  // throws if it is not UTF-8
    } catch (const Tree::exception&) {
      throw Refused();
    }
    return text;
  }

  Tree Integer(const Head& head) const {
    if (head.info == 31) throw Refused();
    if (head.major == 0) return head.argument;
    if (head.argument == UINT64_MAX) return -std::ldexp(1.0, 64);
    if (head.argument > INT64_MAX) return -static_cast<double>(head.argument + 1);
    return -1 - static_cast<int64_t>(head.argument);
  }

  Tree Number(double value) const {
    if (!std::isfinite(value)) throw Refused();
    if (std::floor(value) != value || std::fabs(value) >= 0x1p64) return value;
    if (value >= 0) return static_cast<uint64_t>(value);
    return value >= -0x1p63 ? Tree(static_cast<int64_t>(value)) : Tree(value);
  }

  Tree Simple(const Head& head) const {
    switch (head.info) {
      case 20: return false;
      case 21: return true;
      case 22:
      case 23: return nullptr;
      case 25: return Number(Half(head.argument));
      case 26: {
        const auto bits = static_cast<uint32_t>(head.argument);
        float value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return Number(static_cast<double>(value));
      }
      case 27: {
        double value = 0;
        std::memcpy(&value, &head.argument, sizeof value);
        return Number(value);
      }
      default: throw Refused();
    }
  }

  Tree Array(const Head& head, size_t depth) {
    Tree array = Tree::array();
    const bool indefinite = head.info == 31;
    for (uint64_t i = 0; indefinite ? !TakeBreak() : i < head.argument; ++i) {
      array.push_back(Item(depth));
    }
    return array;
  }

  Tree Map(const Head& head, size_t depth) {
    std::map<std::string, Tree> by_integer;
    std::map<std::string, Tree> by_text;
    const bool indefinite = head.info == 31;
    for (uint64_t i = 0; indefinite ? !TakeBreak() : i < head.argument; ++i) {
      const Head key = ReadUntaggedHead();
      std::string name;
      if (key.major == 3) {
        name = Text(key);
      } else if (key.major < 2) {
        const Tree number = Integer(key);
        const bool known = key.major == 0 && key.argument >= 1 && key.argument <= kKeyIdMax;
        name = known ? KeyName(static_cast<unsigned>(key.argument)) : DecimalText(key);
      } else {
        throw Refused();
      }
      auto& members = key.major == 3 ? by_text : by_integer;
      if (!members.emplace(name, Item(depth)).second) throw Refused();
    }
    by_text.merge(by_integer);  // a key that is there stays
    return by_text;
  }

  static std::string DecimalText(const Head& key) {
    if (key.major == 0) return std::to_string(key.argument);
    if (key.argument == UINT64_MAX) return "-18446744073709551616";
    return "-" + std::to_string(key.argument + 1);
  }

  Tree Item(size_t depth) {
    const Head head = ReadUntaggedHead();
    if (head.major == 4 || head.major == 5) {
      if (depth == kDepthMax) throw Refused();
      return head.major == 4 ? Array(head, depth + 1) : Map(head, depth + 1);
    }
    if (head.major < 2) return Integer(head);
    if (head.major == 3) return Text(head);
    if (head.major == 7) return Simple(head);
    throw Refused();
  }

  ByteView rest_;
};

void AppendHead(Bytes& cbor, int major, uint64_t argument) {
  const auto type = static_cast<uint8_t>(major << 5);
  int bytes = 0;
  if (argument < 24) {
    cbor.push_back(type | static_cast<uint8_t>(argument));
    return;
  }
  while (bytes < 3 && argument >> (8 << bytes) != 0) ++bytes;
  cbor.push_back(type | static_cast<uint8_t>(24 + bytes));
  for (int i = (1 << bytes) - 1; i >= 0; --i) {
    cbor.push_back(static_cast<uint8_t>(argument >> (8 * i)));
  }
}

std::map<double, uint16_t> AllHalves() {
  std::map<double, uint16_t> halves;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if (std::isfinite(Half(bits))) halves.emplace(Half(bits), static_cast<uint16_t>(bits));
  }
  return halves;
}

void AppendFloat(Bytes& cbor, double value) {
  static const std::map<double, uint16_t> halves = AllHalves();
  if (const auto half = halves.find(value); half != halves.end()) {
    return Append(cbor, Bytes{0xf9, static_cast<uint8_t>(half->second >> 8),
                              static_cast<uint8_t>(half->second)});
  }
  const auto single = static_cast<float>(value);
  uint64_t bits = 0;
  int bytes = 8;
  if (static_cast<double>(single) == value) {
    bytes = 4;
    uint32_t word = 0;
    std::memcpy(&word, &single, sizeof word);
    bits = word;
  } else {
    std::memcpy(&bits, &value, sizeof bits);
  }
  cbor.push_back(bytes == 4 ? 0xfa : 0xfb);
  for (int i = bytes - 1; i >= 0; --i) cbor.push_back(static_cast<uint8_t>(bits >> (8 * i)));
}

void AppendNumber(Bytes& cbor, const Tree& value) {
  if (value.is_number_unsigned()) return AppendHead(cbor, 0, value.get<uint64_t>());
  if (value.is_number_integer()) {
    const auto number = value.get<int64_t>();
    return number < 0 ? AppendHead(cbor, 1, static_cast<uint64_t>(-1 - number))
                      : AppendHead(cbor, 0, static_cast<uint64_t>(number));
  }
  const auto number = value.get<double>();
  if (std::fabs(number) <= static_cast<double>(kIntegerMax) && std::floor(number) == number) {
    return AppendNumber(cbor, Tree(static_cast<int64_t>(number)));
  }
  AppendFloat(cbor, number);
}

void AppendText(Bytes& cbor, const std::string& text) {
  AppendHead(cbor, 3, text.size());
  Append(cbor, AsBytes(text));
}

size_t Depth(const Tree& value) {
  if (!value.is_structured()) return 0;
  size_t deepest = 0;
  for (const Tree& item : value) deepest = std::max(deepest, Depth(item));
  return deepest + 1;
}

}  // namespace

std::optional<Tree> ModelOfCbor(ByteView cbor) {
  try {
    return CborReader(cbor).Document();
  } catch (const Refused&) {
    return std::nullopt;
  }
}

Bytes CanonicalCbor(const Tree& value, KeyTable keys) {
  Bytes cbor;
  if (value.is_object()) {
    std::vector<std::pair<Bytes, Bytes>> entries;
    for (const auto& [name, member] : value.items()) {
      Bytes key;
      AppendText(key, name);
      for (unsigned id = 1; id <= kKeyIdMax && keys == KeyTable::kV1; ++id) {
        if (KeyName(id) == name) AppendHead(key = {}, 0, id);
      }
      entries.emplace_back(key, CanonicalCbor(member, keys));
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first);
    });
    AppendHead(cbor, 5, entries.size());
    for (const auto& [key, member] : entries) {
      Append(cbor, key);
      Append(cbor, member);
    }
  } else if (value.is_array()) {
    AppendHead(cbor, 4, value.size());
    for (const Tree& item : value) Append(cbor, CanonicalCbor(item, keys));
  } else if (value.is_string()) {
    AppendText(cbor, value.get<std::string>());
  } else if (value.is_number()) {
    AppendNumber(cbor, value);
  } else {
    cbor.push_back(value.is_null() ? 0xf6 : value.get<bool>() ? 0xf5 : 0xf4);
  }
  return cbor;
}

std::optional<Tree> ModelOfJson(std::string_view json) {
  // nlohmann/json skips a byte order mark and takes a NUL for the end of the input.
  if (json.starts_with("\xef\xbb\xbf") || json.find('\0') != json.npos) return std::nullopt;
  Tree tree = Tree::parse(json, nullptr, false);
  if (tree.is_discarded() || Depth(tree) > kDepthMax) return std::nullopt;
  return tree;
}

bool BeyondNlohmann(std::string_view json) {
  try {
    return Tree::parse(json).is_discarded();
  } catch (const Tree::parse_error& error) {
    return std::string_view(error.what()).find("surrogate") != std::string_view::npos;
  } catch (const Tree::out_of_range&) {
    return true;
  }
}

}  // namespace lowband::transcode
