// The fixed limits of the DTLS stage; those an operator can set are in config.h.
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
/// Behind an MTU of 1,500 and the headers of IPv6 and UDP.
inline constexpr size_t kHandshakeDatagramBytesMax = 1452;

/// Workers of one process: the first byte of a connection id names one.
inline constexpr unsigned kConnectionIdWorkersMax = 256;

/// Application data of one record that we send: the largest fragment length of RFC 6066, to which
/// a session's outgoing buffer shrinks after the handshake.
inline constexpr size_t kApplicationDataMax = 4096;
/// Our connection ids, and the longest of a client (the engine's buffers have room for no more).
inline constexpr size_t kConnectionIdBytes = 8;
inline constexpr size_t kPeerConnectionIdBytesMax = 32;
/// Header, connection id, explicit nonce, authentication tag, inner content type (RFC 9146).
inline constexpr size_t kRecordOverheadMax =
    tls::kRecordHeaderBytes + kPeerConnectionIdBytesMax + 8 + 16 + 1;
/// Plaintext of one record that we read: the engine's incoming buffer.
inline constexpr size_t kRecordPlaintextMax = 6144;
/// ClientHellos of a worker that come in fragments, their length, and how long the rest is waited
/// for: 1 MiB a worker for addresses that nobody has proved.
inline constexpr size_t kHelloFragmentsMax = 256;
inline constexpr size_t kHelloBytesMax = 4096;
inline constexpr Duration kHelloFragmentsLife = std::chrono::seconds(10);
/// Records of one datagram that are looked at. A client's longest flight has six.
inline constexpr size_t kRecordsPerDatagramMax = 32;

/// One cookie key's time; the one before is still accepted, so a cookie lives 60 to 120 s.
inline constexpr Duration kCookieKeyLife = std::chrono::seconds(60);
/// How finely a cookie tells its age: four times within the round trip of a local network.
inline constexpr Duration kCookieTick = std::chrono::milliseconds(4);
/// A ticket is good for this long at most, and its key makes new ones for half of that.
inline constexpr std::chrono::seconds kTicketLife = std::chrono::hours(24);
inline constexpr Duration kTicketKeyLife = std::chrono::hours(12);

/// A session's address moves at most this often, so that a path that reorders between two
/// addresses, or someone who replays between them, cannot make us flap.
inline constexpr Duration kMoveInterval = std::chrono::seconds(1);

/// To a new address that its client has not answered from goes at most so many times what came from
/// there.
inline constexpr uint64_t kUnprovenFactor = 3;
/// What waits for the answer from a new address, of one session; more is dropped, and repeated by
/// the layers above.
inline constexpr size_t kHeldBytesMax = 16 * 1024;
/// A new address that is not proven after so long is given up for the old one.
inline constexpr Duration kPathProofTime = std::chrono::seconds(30);

/// A client whose handshake advances, or who asks again, is waited for this long.
using tls::kHandshakeLifeMax;
/// A client's answer to our flight, with headers: key exchange, ChangeCipherSpec and Finished.
inline constexpr size_t kClientFlightBytes = 200;
/// A flight that was sent so often without an answer goes in datagrams that every path takes (RFC
/// 6347 §4.1.1.1). The engine does the same by itself where it repeats on its own timer.
inline constexpr unsigned kFlightsInVain = 3;
inline constexpr uint16_t kSmallDatagramBytes = 508;
/// ClientHellos of handshakes that came to nothing, remembered by a worker while a copy could begin
/// another: a look through all costs less than one HMAC.
inline constexpr size_t kEndedHellosMax = 256;
/// After a flight was repeated because its client asked, the next repeat comes no sooner.
inline constexpr Duration kRepeatInterval = tls::kServerFlightWaitMin;

/// To make room in a full table, a proven session must have been quiet for so long; those in use
/// stay, unless their network is a hog (admission::IsHog).
inline constexpr Duration kEvictableAfter = std::chrono::seconds(60);
/// The table counts as nearly full from here on: nine tenths.
constexpr bool NearlyFull(size_t sessions, size_t sessions_max) {
  return sessions * 10 > sessions_max * 9;
}
/// There is room for those who are slow to say who they are: less than half is taken.
constexpr bool Roomy(size_t sessions, size_t sessions_max) { return sessions * 2 < sessions_max; }

static_assert(kApplicationDataMax + kRecordOverheadMax <= 8192,
              "deployed clients cut datagrams off at 8,192 bytes");
static_assert(kApplicationDataMax <= kRecordPlaintextMax, "we can read what we can send");
static_assert(kHelloBytesMax <= kRecordPlaintextMax, "the engine reads it in one record");

}  // namespace lowband::edge::dtls
