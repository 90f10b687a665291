#include "services/edge/handshake_cost.h"

#include <chrono>
#include <memory>

#include "libs/base/random.h"
#include "libs/client/dtls_channel.h"
#include "libs/tls/link_time.h"
#include "services/edge/admission/admission.h"
#include "services/edge/dtls/identity.h"
#include "services/edge/dtls/server.h"

namespace lowband::edge {

std::optional<HandshakeCost> MeasureHandshake(const dtls::Config& config,
                                              dtls::Credentials& credentials) {
  using client::DtlsChannel;
  // No time passes: nothing is lost in memory, so nothing is retransmitted.
  const TimePoint now{std::chrono::hours(1)};
  const auto random = MakeSystemRandom();
  dtls::Config server_config = config;
  server_config.key_log = nullptr;
  admission::Admission admission({});
  dtls::Server server(server_config, credentials, *random, 0, 1, admission);
  const auto channel = DtlsChannel::Create(client::Config{}, *random);
  const auto address = SocketAddress::FromLiteral("192.0.2.1", 1);
  if (!channel || !address) return std::nullopt;

  HandshakeCost cost;
  (*channel)->Start(now);
  for (bool moved = true; moved;) {
    moved = false;
    while (const auto datagram = (*channel)->PollDatagram()) {
      moved = true;
      cost.to_server += datagram->size() + tls::kDatagramHeaderBytes;
      server.Receive(now, *address, *datagram);
    }
    while (const auto transmit = server.PollTransmit()) {
      moved = true;
      cost.to_client += transmit->datagram.size() + tls::kDatagramHeaderBytes;
      (*channel)->Receive(now, transmit->datagram);
    }
    while (server.PollEvent()) {
    }
  }
  if ((*channel)->state() != DtlsChannel::State::kReady) return std::nullopt;
  const auto identity = credentials.identity();
  for (const mbedtls_x509_crt* one = identity->chain(); one != nullptr; one = one->next) {
    cost.certificates += one->raw.len;
  }
  return cost;
}

}  // namespace lowband::edge
