#include "services/edge/dtls/connection_id.h"

#include <algorithm>

namespace lowband::edge::dtls {

static_assert(sizeof(size_t) == sizeof(ConnectionId), "the hash takes the whole id");

ConnectionId ConnectionIds::Make(Random& random, unsigned worker, unsigned workers) {
  ConnectionId id;
  random.Fill(id);
  // One of the byte's values that equal `worker` modulo `workers`, all equally likely.
  const unsigned candidates = (kConnectionIdWorkersMax - 1 - worker) / workers + 1;
  id[0] = static_cast<uint8_t>(worker + workers * random.Below(candidates));
  std::ranges::copy(Check(id), id.end() - kConnectionIdCheckBytes);
  return id;
}

bool ConnectionIds::IsOurs(const ConnectionId& id) {
  return std::ranges::equal(ByteView(id).last(kConnectionIdCheckBytes), Check(id));
}

std::array<uint8_t, kConnectionIdCheckBytes> ConnectionIds::Check(const ConnectionId& id) {
  hmac_.Add(ByteView(id).first(kConnectionIdBytes - kConnectionIdCheckBytes));
  const Mac mac = hmac_.Finish();
  return {mac[0], mac[1]};
}

std::optional<unsigned> OwnerOf(ByteView datagram, unsigned workers) {
  if (datagram.size() < tls::kConnectionIdOffset + kConnectionIdBytes) return std::nullopt;
  if (datagram[0] != static_cast<uint8_t>(tls::RecordType::kConnectionId)) return std::nullopt;
  return datagram[tls::kConnectionIdOffset] % workers;
}

ConnectionId IdOf(const tls::Record& record) {
  ConnectionId id{};
  std::ranges::copy(record.connection_id.first(kConnectionIdBytes), id.begin());
  return id;
}

}  // namespace lowband::edge::dtls
