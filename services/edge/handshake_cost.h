// The cost of a client's first contact: the bytes of a full handshake with the certificate in use.
//
// Measured by a handshake in memory between the DTLS stage and Lowband's own client, so that all
// factors (the chain, its signatures, the size of datagrams) are included.
//
// Threading: one thread, for some milliseconds. Ownership: keeps nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "services/edge/dtls/config.h"
#include "services/edge/dtls/credentials.h"

namespace lowband::edge {

/// A P-256 certificate whose issuer is in the clients' trust store stays below it.
inline constexpr size_t kHandshakeBytesGood = 2048;

struct HandshakeCost {
  // With the headers of IPv4 and UDP.
  size_t to_client = 0;
  size_t to_server = 0;
  /// The certificates' part of to_client.
  size_t certificates = 0;

  /// The transmission time of the bytes, rounded up.
  size_t SecondsAt(uint64_t bits_per_second) const {
    return (8 * (to_client + to_server) + bits_per_second - 1) / bits_per_second;
  }
};

/// None if the handshake fails.
std::optional<HandshakeCost> MeasureHandshake(const dtls::Config& config,
                                              dtls::Credentials& credentials);

}  // namespace lowband::edge
