// The fixed limits of the DTLS stage; config.h has those that an operator can set.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"
#include "libs/tls/profile.h"
#include "libs/tls/record.h"

namespace lowband::edge::dtls {

/// Bounds of the settings.
inline constexpr size_t kHandshakeDatagramBytesMin = 300;
/// An MTU of 1,500 without the headers of IPv6 and UDP.
inline constexpr size_t kHandshakeDatagramBytesMax = 1452;

/// Workers of one process: the first byte of a connection id names one.
inline constexpr unsigned kConnectionIdWorkersMax = 256;

/// Application data of one record that we send: the largest fragment length of RFC 6066, to which
/// a session's outgoing buffer shrinks after the handshake.
inline constexpr size_t kApplicationDataMax = 4096;
/// Our connection ids, and the longest of a client (a limit of the engine's buffers).
inline constexpr size_t kConnectionIdBytes = 8;
inline constexpr size_t kPeerConnectionIdBytesMax = 32;
/// Header, connection id, explicit nonce, authentication tag, inner content type (RFC 9146).
inline constexpr size_t kRecordOverheadMax =
    tls::kRecordHeaderBytes + kPeerConnectionIdBytesMax + 8 + 16 + 1;
/// Plaintext of one record that we read: the engine's incoming buffer.
inline constexpr size_t kRecordPlaintextMax = 6144;
/// Fragmented ClientHellos of a worker, their length, and the time for the rest to arrive: 1 MiB
/// per worker for addresses that are not proven.
inline constexpr size_t kHelloFragmentsMax = 256;
inline constexpr size_t kHelloBytesMax = 4096;
inline constexpr Duration kHelloFragmentsLife = std::chrono::seconds(10);
/// Records of one datagram that are processed. A client's longest flight has six.
inline constexpr size_t kRecordsPerDatagramMax = 32;

/// The life of a cookie key; the previous one is still accepted, so a cookie lives 60 to 120 s.
inline constexpr Duration kCookieKeyLife = std::chrono::seconds(60);
/// The resolution of a cookie's age: a quarter of the round trip of a local network.
inline constexpr Duration kCookieTick = std::chrono::milliseconds(4);
/// A ticket is valid for this time at most; its key makes new ones for half of it.
inline constexpr std::chrono::seconds kTicketLife = std::chrono::hours(24);
inline constexpr Duration kTicketKeyLife = std::chrono::hours(12);

/// A session's address moves at most once in this time, so that a path that reorders between two
/// addresses, or an attacker who replays between them, cannot make it alternate.
inline constexpr Duration kMoveInterval = std::chrono::seconds(1);

/// To a new address that is not proven we send at most this many times the bytes received from it.
inline constexpr uint64_t kUnprovenFactor = 3;
/// Bytes of one session that wait until its new address is proven; more are dropped, and the layers
/// above retransmit them.
inline constexpr size_t kHeldBytesMax = 16 * 1024;
/// If a new address is not proven within this time, the session returns to the old one.
inline constexpr Duration kPathProofTime = std::chrono::seconds(30);

/// We wait this long for a client whose handshake advances, or that retransmits.
using tls::kHandshakeLifeMax;
/// A client's answer to our flight, with headers: key exchange, ChangeCipherSpec and Finished.
inline constexpr size_t kClientFlightBytes = 200;
/// A flight that was sent this often without an answer is sent in datagrams small enough for every
/// path (RFC 6347 §4.1.1.1). The engine itself does so for repeats on its own timer.
inline constexpr unsigned kFlightsInVain = 3;
inline constexpr uint16_t kSmallDatagramBytes = 508;
/// ClientHellos of failed handshakes, remembered by a worker while a copy could begin another one.
/// A search through all costs less than one HMAC.
inline constexpr size_t kEndedHellosMax = 256;
/// The shortest time between two repeats of a flight at its client's request.
inline constexpr Duration kRepeatInterval = tls::kServerFlightWaitMin;

/// A proven session makes room in a full table only after this time without data, unless its
/// network is a hog (admission::IsHog).
inline constexpr Duration kEvictableAfter = std::chrono::seconds(60);
/// The table counts as nearly full from here on: nine tenths.
constexpr bool NearlyFull(size_t sessions, size_t sessions_max) {
  return sessions * 10 > sessions_max * 9;
}
/// There is room for clients that are slow to become proven: less than half is taken.
constexpr bool Roomy(size_t sessions, size_t sessions_max) { return sessions * 2 < sessions_max; }

static_assert(kApplicationDataMax + kRecordOverheadMax <= 8192,
              "deployed clients cut datagrams off at 8,192 bytes");
static_assert(kApplicationDataMax <= kRecordPlaintextMax, "we can read what we can send");
static_assert(kHelloBytesMax <= kRecordPlaintextMax, "the engine reads it in one record");

}  // namespace lowband::edge::dtls
