// Lowband's profile of DTLS: versions, cipher suites, groups and signature algorithms, for the edge
// and for its client. Applied to an mbedTLS configuration in one place.
//
// Threading: any. Ownership: the lists are static and outlive every configuration.
// Spec: RFC 9325 (what to offer), RFC 8422 (ECDHE), docs/protocol.md "DTLS".
#pragma once

#include <mbedtls/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/random.h"

namespace lowband::tls {

/// ECDHE with an AEAD, in the order of preference: AES-128-GCM, ChaCha20-Poly1305 and, where
/// allowed, AES-128-CCM and AES-128-CCM-8 (whose tag has only 64 bits: see --allow-ccm8). Ends
/// with 0. The order never depends on the peer's.
const int* CipherSuites(bool allow_ccm8);

/// X25519, P-256, P-384. Ends with 0.
const uint16_t* Groups();

/// ECDSA and RSA signatures with SHA-256, SHA-384 and SHA-512. Ends with 0.
const uint16_t* SignatureAlgorithms();

/// For a server with a P-384 key and a client that supports SHA-384: hash and curve have one
/// strength, and for some clients the name means both, as in TLS 1.3. Ends with 0.
const uint16_t* SignatureAlgorithmsOfP384();

/// First and longest wait for the peer's flight (RFC 6347 §4.2.4.1). A server's flight with a chain
/// takes seconds on a slow link, and its client repeats its own flight: so the server waits longer.
inline constexpr std::chrono::milliseconds kClientFlightWaitMin{1000};
inline constexpr std::chrono::milliseconds kServerFlightWaitMin{3000};
inline constexpr std::chrono::milliseconds kFlightWaitMax{60'000};

/// Limit of a handshake with progress, for either side.
inline constexpr std::chrono::seconds kHandshakeLifeMax{120};

/// Largest handshake datagram: fits every path that IPv6 allows, with room for a tunnel.
inline constexpr size_t kHandshakeDatagramBytes = 1200;

/// Sets `config` up for DTLS 1.2 as `endpoint` (MBEDTLS_SSL_IS_SERVER or _CLIENT) with the lists
/// and waits above, anti-replay on, and `random` (one thread's, outlives the configuration) as its
/// source of randomness. Certificates, tickets, cookies and connection IDs are the caller's.
/// Returns 0 or an mbedTLS error.
int ApplyProfile(mbedtls_ssl_config* config, int endpoint, bool allow_ccm8, Random& random);

/// The f_rng of mbedTLS over a lowband::Random, which `context` points to.
int FillRandom(void* context, unsigned char* out, size_t size);

}  // namespace lowband::tls
