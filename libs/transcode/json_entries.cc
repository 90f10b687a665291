#include "libs/transcode/json_entries.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "libs/transcode/cbor_head.h"

namespace lowband::transcode {
namespace {

/// The key at `key` with its quotes. Escapes are minimal, so equal keys have equal texts.
std::string_view QuotedKey(const uint8_t* key) {
  size_t size = 1;
  while (key[size] != '"') size += key[size] == '\\' ? 2 : 1;
  return AsText({key, size + 1});
}

/// The characters of a quoted key, one by one, without its escapes.
class KeyBytes {
 public:
  explicit KeyBytes(std::string_view quoted) : rest_(quoted.substr(1)) {}

  static constexpr int kEnd = -1;
  int Next() {
    const char c = Take();
    if (c == '"') return kEnd;
    if (c != '\\') return static_cast<uint8_t>(c);
    switch (const char letter = Take()) {
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'u': {  // \u00xy of a control character
        rest_.remove_prefix(2);
        const int high = Take() - '0';
        const char low = Take();
        return high * 16 + (low <= '9' ? low - '0' : low - 'a' + 10);
      }
      default: return letter;
    }
  }

 private:
  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
};

/// Bytewise, which for UTF-8 is the order of code points.
bool Before(std::string_view a, std::string_view b) {
  KeyBytes left(a);
  KeyBytes right(b);
  while (true) {
    const int l = left.Next();
    const int r = right.Next();
    if (l != r) return l < r;
    if (l == KeyBytes::kEnd) return false;
  }
}

bool IsIntegerKey(const JsonMembers& members, uint32_t i) {
  return MajorOf(members.cbor[members.records[i].source]) != Major::kText;
}

}  // namespace

Result<std::vector<bool>, size_t> Superseded(const JsonMembers& members) {
  constexpr size_t kNone = std::numeric_limits<size_t>::max();
  std::vector<bool> superseded(members.records.size());
  size_t first_fault = kNone;
  const auto text = [&](const KeyRecord& record) { return QuotedKey(members.out + record.entry); };
  ForEachEqualKey(members.records, text, [&](std::span<const uint32_t> equal) {
    std::array<size_t, 2> seen{};
    for (uint32_t i : equal) {
      if (++seen[IsIntegerKey(members, i)] == 2) {
        first_fault = std::min<size_t>(first_fault, members.records[i].source);
        break;
      }
      superseded[i] = IsIntegerKey(members, i);
    }
  });
  if (first_fault != kNone) return Failure(first_fault);
  return superseded;
}

void DropSuperseded(const JsonMembers& members, const std::vector<bool>& superseded, Drops& drops) {
  bool any_kept = false;
  for (size_t i = 0; i < members.records.size(); ++i) {
    if (!superseded[i]) {
      any_kept = true;
    } else if (any_kept) {
      drops.Add(members.Begin(i) - 1, members.End(i));
    } else {  // there is no member before it: the comma after it goes
      drops.Add(members.Begin(i), members.End(i) + 1);
    }
  }
}

uint32_t SortMembers(const JsonMembers& members, const std::vector<bool>& superseded) {
  struct Member {
    std::string_view key;
    std::string_view text;
  };
  if (members.records.empty()) return members.end;
  std::vector<Member> order;
  for (size_t i = 0; i < members.records.size(); ++i) {
    if (!superseded.empty() && superseded[i]) continue;
    const uint8_t* const begin = members.out + members.Begin(i);
    order.push_back({QuotedKey(begin), AsText({begin, members.End(i) - members.Begin(i)})});
  }
  std::sort(order.begin(), order.end(),
            [](const Member& a, const Member& b) { return Before(a.key, b.key); });
  std::string sorted;
  for (const Member& member : order) {
    if (!sorted.empty()) sorted.push_back(',');
    sorted.append(member.text);
  }
  std::memcpy(members.out + members.Begin(0), sorted.data(), sorted.size());
  return members.Begin(0) + static_cast<uint32_t>(sorted.size());
}

}  // namespace lowband::transcode
