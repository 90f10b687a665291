#include "services/edge/dtls/hello_fragments.h"

#include <algorithm>
#include <utility>

#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kOffsetAt = 6;
constexpr size_t kLengthAt = 9;

size_t Number24(ByteView bytes, size_t at) {
  return static_cast<size_t>(bytes[at]) << 16 | static_cast<size_t>(bytes[at + 1]) << 8 |
         bytes[at + 2];
}

}  // namespace

HelloFragments::Added HelloFragments::Add(TimePoint now, const SocketAddress& from,
                                          const tls::Record& record) {
  while (!partial_.empty() && now - partial_.front().begun > kHelloFragmentsLife) {
    Erase(partial_.begin());
  }
  const ByteView header = record.fragment.first(std::min(record.fragment.size(), kHeaderBytes));
  const ByteView piece = record.fragment.subspan(header.size());
  if (header.size() < kHeaderBytes || piece.empty()) return {};
  const size_t whole_bytes = kHeaderBytes + Number24(header, 1);
  const size_t offset = Number24(header, kOffsetAt);
  if (Number24(header, kLengthAt) != piece.size() || whole_bytes > kHelloBytesMax) return {};
  const auto found = by_address_.find(from);
  if (offset == 0 && found != by_address_.end()) Erase(found->second);
  if (offset != 0 && found == by_address_.end()) return {};
  const Entry partial = offset == 0 ? Begin(now, from, header, whole_bytes) : found->second;
  // Type, length and message number equal those of the first fragment.
  const bool same =
      std::ranges::equal(header.first(kOffsetAt), ByteView(partial->message).first(kOffsetAt));
  const size_t next = partial->message.size() - kHeaderBytes;
  if (!same || offset != next || partial->message.size() + piece.size() > whole_bytes) return {};
  Append(partial->message, piece);
  if (partial->message.size() < whole_bytes) return {.kept = true};
  Bytes message = std::move(partial->message);
  Erase(partial);
  return {.kept = true, .whole = Whole(record, std::move(message))};
}

HelloFragments::Entry HelloFragments::Begin(TimePoint now, const SocketAddress& from,
                                            ByteView header, size_t whole_bytes) {
  if (partial_.size() >= kHelloFragmentsMax) Erase(partial_.begin());
  Partial partial{from, now, Bytes(header.begin(), header.end()), whole_bytes};
  std::copy_n(partial.message.begin() + 1, 3, partial.message.begin() + kLengthAt);
  const Entry entry = partial_.insert(partial_.end(), std::move(partial));
  by_address_[from] = entry;
  return entry;
}

void HelloFragments::Erase(Entry partial) {
  by_address_.erase(partial->from);
  partial_.erase(partial);
}

tls::Record HelloFragments::Whole(const tls::Record& last, Bytes message) {
  const ByteView header = last.bytes.first(tls::kRecordHeaderBytes);
  whole_.assign(header.begin(), header.end());
  whole_[tls::kRecordHeaderBytes - 2] = static_cast<uint8_t>(message.size() >> 8);
  whole_[tls::kRecordHeaderBytes - 1] = static_cast<uint8_t>(message.size());
  Append(whole_, message);
  tls::Record record = last;
  record.bytes = whole_;
  record.fragment = record.bytes.subspan(tls::kRecordHeaderBytes);
  return record;
}

}  // namespace lowband::edge::dtls
