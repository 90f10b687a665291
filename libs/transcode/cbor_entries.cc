#include "libs/transcode/cbor_entries.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libs/base/bytes.h"
#include "libs/transcode/cbor_head.h"

namespace lowband::transcode {
namespace {

/// The encoded key at `key`, in the transcoder's form: a text string or a small integer.
std::string_view EncodedKey(const uint8_t* key) {
  const uint8_t info = InfoOf(*key);
  size_t argument_bytes = 0;
  uint64_t argument = info;
  if (info >= kInfoUint8) {
    argument_bytes = size_t{1} << (info - kInfoUint8);
    argument = 0;
    for (size_t i = 1; i <= argument_bytes; ++i) argument = argument << 8 | key[i];
  }
  const size_t text_bytes = MajorOf(*key) == Major::kText ? argument : 0;
  return AsText({key, 1 + argument_bytes + text_bytes});
}

}  // namespace

std::vector<bool> Replaced(const CborEntries& entries) {
  std::vector<bool> replaced(entries.records.size());
  ForEachEqualKey(
      entries.records,
      [&](const KeyRecord& record) { return EncodedKey(entries.out + record.entry); },
      [&](std::span<const uint32_t> equal) {
        for (uint32_t i : equal.first(equal.size() - 1)) replaced[i] = true;
      });
  return replaced;
}

size_t DropReplaced(const CborEntries& entries, const std::vector<bool>& replaced, Drops& drops) {
  size_t kept = 0;
  for (size_t i = 0; i < entries.records.size(); ++i) {
    if (replaced[i]) {
      drops.Add(entries.records[i].entry, entries.End(i));
    } else {
      ++kept;
    }
  }
  return kept;
}

SortedEntries SortEntries(const CborEntries& entries, const std::vector<bool>& replaced) {
  struct Entry {
    std::string_view key;
    uint32_t begin;
    uint32_t end;
  };
  if (entries.records.empty()) return {0, entries.end};
  std::vector<Entry> order;
  for (size_t i = 0; i < entries.records.size(); ++i) {
    if (!replaced.empty() && replaced[i]) continue;
    const uint32_t begin = entries.records[i].entry;
    order.push_back({EncodedKey(entries.out + begin), begin, entries.End(i)});
  }
  std::sort(order.begin(), order.end(), [](const Entry& a, const Entry& b) {
    return a.key.size() != b.key.size() ? a.key.size() < b.key.size() : a.key < b.key;
  });
  Bytes sorted;
  for (const Entry& entry : order) {
    Append(sorted, {entries.out + entry.begin, entry.end - entry.begin});
  }
  const uint32_t begin = entries.records.front().entry;
  std::memcpy(entries.out + begin, sorted.data(), sorted.size());
  return {order.size(), begin + static_cast<uint32_t>(sorted.size())};
}

}  // namespace lowband::transcode
