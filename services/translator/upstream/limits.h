// The named maxima of the upstream stage, each with the reason for its size.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"

namespace lowband::translator::upstream {

/// Threads that speak HTTP; one carries some 20,000 small exchanges a second.
inline constexpr uint64_t kUpstreamThreadsMax = 16;
/// Exchanges on a connection at once. Every observed sync holds one for as long as it waits, so
/// this is the number of waiting clients one translator serves.
inline constexpr uint64_t kActiveDefault = 8192;
inline constexpr uint64_t kActiveMax = 65'536;  ///< About the ephemeral ports towards one address.
/// Exchanges that wait for one of those places; places.h says who is refused when there are more.
inline constexpr uint64_t kPendingDefault = 1024;
inline constexpr uint64_t kPendingMax = 65'536;
/// Relayed transfers.
inline constexpr uint64_t kRelaysActiveDefault = 4096;
/// Long-polls of one owner, whatever is free. A client has one or two, and those of its sessions
/// that it has left behind; what acts for many users of one token has more.
inline constexpr uint64_t kPollsPerOwnerDefault = 64;
/// A long-poll that has not had its place for so long does not lose it to one of the same owner.
/// Each that does closes a connection, whose port then rests for a minute.
inline constexpr Duration kPollHeldMin = std::chrono::seconds(5);
/// One body, after decompression. The edge's limit (--max-response-body) is the same by default.
inline constexpr uint64_t kResponseBodyDefault = uint64_t{64} << 20;
inline constexpr uint64_t kResponseBodyMax = uint64_t{64} << 20;
/// All bodies that are being received together.
inline constexpr uint64_t kHeldBodiesBytesMax = uint64_t{256} << 20;
/// Header lines of one answer; libcurl itself stops a single line at 100 KiB.
inline constexpr size_t kResponseHeaderBytesMax = size_t{64} << 10;
inline constexpr int kRedirectsMax = 3;
/// Easy handles kept for reuse by one thread, about 6 KiB each.
inline constexpr size_t kSpareHandlesMax = 256;

/// libcurl's receive buffer of each exchange. Small, because thousands wait for a long time; a
/// large body only takes more reads.
inline constexpr long kReceiveBufferBytes = 4096;
/// libcurl's least. Each exchange over TLS holds one, and so does each POST.
inline constexpr long kSendBufferBytes = 16'384;

inline constexpr Duration kConnectTimeout = std::chrono::seconds(3);
/// A connect that fails so long after that was kept waiting by this process.
inline constexpr Duration kConnectLate = std::chrono::seconds(1);
/// An idle connection older than this is not used again: homeservers and proxies commonly close
/// theirs after 60 s or more, and a request that meets such a close is lost or has to be repeated.
inline constexpr std::chrono::seconds kIdleConnection{30};
/// The same for a request that must not be executed twice, which has connections of its own
/// (curl_poll.h): less than one second.
inline constexpr std::chrono::seconds kIdleConnectionOnce{0};
/// Idle connections kept for those, of each loop: more than what comes again within a second would
/// only hold descriptors.
inline constexpr size_t kOnceIdleConnectionsMax = 64;
/// --upstream-connection-life: a connection older than this is not used again, so that a changed
/// address or replica set is noticed though the old one still answers.
inline constexpr Duration kConnectionLife = std::chrono::minutes(5);
inline constexpr Duration kConnectionLifeMin = std::chrono::seconds(1);
inline constexpr Duration kConnectionLifeMax = std::chrono::hours(24);
/// How long a resolved name is believed. Short: a lookup is cheap beside a new connection.
inline constexpr std::chrono::seconds kDnsCache{5};

/// So many exchanges in a row that could not even connect open the breaker of a thread.
inline constexpr unsigned kBreakerFailures = 5;
/// While it is open one exchange in this time is let through to see if the homeserver is back.
inline constexpr Duration kBreakerProbe = std::chrono::seconds(1);

/// A relayed transfer in which nothing moves for so long, though the edge is not waited for, is
/// given up.
inline constexpr Duration kRelaySilence = std::chrono::seconds(60);
/// The same for the answer's head, once the request was wholly sent: long-polls wait that long.
inline constexpr Duration kRelayHeadTimeout = std::chrono::minutes(5);
/// How long a homeserver may ponder "Expect: 100-continue" before it gets the body all the same;
/// many never answer it (RFC 9110 §10.1.1).
inline constexpr Duration kRelayExpectTimeout = std::chrono::seconds(1);
/// One piece of a body that is ready while the edge has not taken the one before. With one piece
/// on its way in each stage, this is what a transfer holds of either body.
inline constexpr size_t kRelayPieceBytesMax = contract::kChunkBytesMax;
/// libcurl's receive buffer of each transfer, which is also what it sets aside when paused.
inline constexpr long kRelayReceiveBufferBytes = 16'384;
/// libcurl's send buffer of each upload; room for one piece and the frame of a chunk.
inline constexpr long kRelaySendBufferBytes = 64 * 1024 + 1024;
/// What the kernel holds of an upload beyond what it may send at once.
inline constexpr int kRelayUnsentBytesMax = 256 * 1024;
/// Connections kept for the next transfers.
inline constexpr size_t kRelayIdleConnectionsMax = 256;

static_assert(kRelaySilence <= kRelayHeadTimeout);
static_assert(kRelaySendBufferBytes > static_cast<long>(kRelayPieceBytesMax));
static_assert(kActiveDefault <= kActiveMax && kPendingDefault <= kPendingMax);
static_assert(kPollsPerOwnerDefault <= kActiveDefault);
static_assert(kResponseBodyDefault <= kResponseBodyMax && kResponseBodyMax <= kHeldBodiesBytesMax);
static_assert(kReceiveBufferBytes >= 1024, "libcurl's least");

}  // namespace lowband::translator::upstream
