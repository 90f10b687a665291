// The named maxima of the upstream stage, each with the reason for its size.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"

namespace lowband::translator::upstream {

/// Threads for HTTP; one carries some 20,000 small exchanges a second.
inline constexpr uint64_t kUpstreamThreadsMax = 16;
/// Exchanges on a connection at once. Every observed sync holds one while it waits, so this is the
/// number of waiting clients that one translator serves.
inline constexpr uint64_t kActiveDefault = 8192;
inline constexpr uint64_t kActiveMax = 65'536;  ///< About the ephemeral ports towards one address.
/// Exchanges that wait for one of those places; places.h describes the refusal when there are more.
inline constexpr uint64_t kPendingDefault = 1024;
inline constexpr uint64_t kPendingMax = 65'536;
/// Relayed transfers.
inline constexpr uint64_t kRelaysActiveDefault = 4096;
/// Long-polls of one owner, even when more places are free. A client has one or two, and those of
/// its abandoned sessions; a service that acts for many users with one token has more.
inline constexpr uint64_t kPollsPerOwnerDefault = 64;
/// A long-poll that has had its place for a shorter time does not lose it to one of its own owner.
/// Each lost place closes a connection, whose port is then unusable for a minute.
inline constexpr Duration kPollHeldMin = std::chrono::seconds(5);
/// One body, after decompression. The edge's limit (--max-response-body) has the same default.
inline constexpr uint64_t kResponseBodyDefault = uint64_t{64} << 20;
inline constexpr uint64_t kResponseBodyMax = uint64_t{64} << 20;
/// All bodies being received at once.
inline constexpr uint64_t kHeldBodiesBytesMax = uint64_t{256} << 20;
/// Header lines of one answer; libcurl itself stops a single line at 100 KiB.
inline constexpr size_t kResponseHeaderBytesMax = size_t{64} << 10;
inline constexpr int kRedirectsMax = 3;
/// Easy handles kept for reuse by one thread, about 6 KiB each.
inline constexpr size_t kSpareHandlesMax = 256;

/// libcurl's receive buffer of each exchange. Small, because thousands wait for a long time; a
/// large body only needs more reads.
inline constexpr long kReceiveBufferBytes = 4096;
/// libcurl's minimum. Each exchange over TLS holds one, and so does each POST.
inline constexpr long kSendBufferBytes = 16'384;

inline constexpr Duration kConnectTimeout = std::chrono::seconds(3);
/// A connect that fails so long after its timeout was delayed by this process.
inline constexpr Duration kConnectLate = std::chrono::seconds(1);
/// An idle connection older than this is not used again: homeservers and proxies commonly close
/// theirs after 60 s or more, and a request on a closing connection is lost or has to be repeated.
inline constexpr std::chrono::seconds kIdleConnection{30};
/// As kIdleConnection for requests that must not be carried out twice, which have their own
/// connections (curl_poll.h): less than one second.
inline constexpr std::chrono::seconds kIdleConnectionOnce{0};
/// Idle connections kept for those, per loop: more than are used again within a second would only
/// hold descriptors.
inline constexpr size_t kOnceIdleConnectionsMax = 64;
/// --upstream-connection-life: a connection older than this is not used again, so that a changed
/// address or replica set is noticed even if the old one still answers.
inline constexpr Duration kConnectionLife = std::chrono::minutes(5);
inline constexpr Duration kConnectionLifeMin = std::chrono::seconds(1);
inline constexpr Duration kConnectionLifeMax = std::chrono::hours(24);
/// How long a resolved name is cached. Short: a lookup is cheap compared with a new connection.
inline constexpr std::chrono::seconds kDnsCache{5};

/// So many exchanges in a row that could not connect open the breaker of a thread.
inline constexpr unsigned kBreakerFailures = 5;
/// While it is open, one exchange in this time passes to check whether the homeserver is reachable
/// again.
inline constexpr Duration kBreakerProbe = std::chrono::seconds(1);

/// A relayed transfer without progress for so long, unless it waits for the edge, is given up.
inline constexpr Duration kRelaySilence = std::chrono::seconds(60);
/// As kRelaySilence for the answer's head, after the whole request was sent: long-polls wait that
/// long.
inline constexpr Duration kRelayHeadTimeout = std::chrono::minutes(5);
/// The wait for "100 Continue" before the homeserver gets the body anyway; many never send it (RFC
/// 9110 §10.1.1).
inline constexpr Duration kRelayExpectTimeout = std::chrono::seconds(1);
/// One piece of a body that is ready before the edge has taken the previous one. With one piece on
/// its way in each stage, a transfer holds so much of either body.
inline constexpr size_t kRelayPieceBytesMax = contract::kChunkBytesMax;
/// libcurl's receive buffer of each transfer, and also the amount that it keeps when paused.
inline constexpr long kRelayReceiveBufferBytes = 16'384;
/// libcurl's send buffer of each upload; room for one piece and the frame of a chunk.
inline constexpr long kRelaySendBufferBytes = 64 * 1024 + 1024;
/// The part of an upload that the kernel holds beyond the amount that it may send at once.
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
