#include "tools/lowband/load_result.h"

namespace lowband::tools {

void Add(client::Traffic& sum, const client::Traffic& more) {
  sum.datagrams_sent += more.datagrams_sent;
  sum.datagrams_received += more.datagrams_received;
  sum.bytes_sent += more.bytes_sent;
  sum.bytes_received += more.bytes_received;
  sum.retransmissions += more.retransmissions;
}

client::Traffic Difference(const client::Traffic& after, const client::Traffic& before) {
  return {after.datagrams_sent - before.datagrams_sent,
          after.datagrams_received - before.datagrams_received,
          after.bytes_sent - before.bytes_sent, after.bytes_received - before.bytes_received,
          after.retransmissions - before.retransmissions};
}

void LoadResult::Merge(const LoadResult& other) {
  requests += other.requests;
  failed += other.failed;
  for (const auto& [outcome, count] : other.outcomes) outcomes[outcome] += count;
  latency.Merge(other.latency);
  handshakes += other.handshakes;
  handshakes_failed += other.handshakes_failed;
  resumed += other.resumed;
  handshake_latency.Merge(other.handshake_latency);
  Add(traffic, other.traffic);
  Add(handshake_traffic, other.handshake_traffic);
}

}  // namespace lowband::tools
