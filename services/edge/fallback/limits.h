// The named maxima of the TCP fallback, each with the reason for its size.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"
#include "libs/http/limits.h"

namespace lowband::edge::fallback {

/// Connections at once; a waiting /sync holds one. Each takes a descriptor and 15 KiB with TLS, 16
/// KiB while a request is under way, and up to four pieces of kBufferBytes while its bodies move.
inline constexpr uint64_t kConnectionsDefault = 20'480;
inline constexpr uint64_t kConnectionsMax = 262'144;
/// Connections that make room and are not closed yet, which takes a turn of a loop: they have no
/// place any more, but still a descriptor.
inline constexpr size_t kLeavingMax = 256;
/// While all places are taken, a network with more than this part of them gives up its own, even
/// busy ones. A carrier's NAT may legitimately have thousands of clients behind one address; eight
/// such networks at one edge would take all places.
inline constexpr size_t kHeavyShare = 8;
/// Threads for all connections. One moves some hundred MB/s, or makes some thousand handshakes per
/// second; the rest of the machine is for CoAP.
inline constexpr size_t kLoopsMax = 4;
/// Its epoll and two eventfds.
inline constexpr uint64_t kDescriptorsPerLoop = 3;
/// Socket events that one turn of a loop handles.
inline constexpr size_t kEventsPerTurnMax = 256;
/// Connections that wait to be accepted; with cpp-httplib's own limit of five, a burst of clients
/// would wait for TCP's retransmission.
inline constexpr int kBacklog = 1024;

/// One request's body. Homeservers have their own limits, mostly 50 to 100 MiB.
inline constexpr uint64_t kBodyBytesDefault = uint64_t{256} << 20;
inline constexpr uint64_t kBodyBytesMax = uint64_t{1} << 40;

/// The buffer of a transfer in each direction, besides gRPC's own window.
inline constexpr size_t kBufferBytes = contract::kChunkBytesMax;
static_assert(kBufferBytes >= http::kHeadBytesMax);

/// The part of an answer's body that may come before the client takes it.
inline constexpr size_t kWindowBytes = contract::kRelayWindowBytes;
/// An answer of a known length up to this is given to the client when it is complete: until then it
/// can be requested again from another translator. It comes without further credit.
inline constexpr size_t kHeldAnswerBytesMax = 16 * 1024;
static_assert(kHeldAnswerBytesMax <= kWindowBytes);

/// From the first byte of a request's head to its end. Also for a TLS handshake without progress.
inline constexpr Duration kHeadTimeout = std::chrono::seconds(10);
/// The longest TLS handshake with progress, however slow: a chain of 3 KB takes 25 s on a link of
/// 1,200 bit/s.
inline constexpr Duration kTlsHandshakeLifeMax = std::chrono::seconds(120);
/// The interval of checks whether the client has taken some of our flight in a handshake.
inline constexpr Duration kTlsProgressInterval = std::chrono::seconds(1);
/// Between two requests. Browsers and proxies keep theirs for 60 s and more.
inline constexpr Duration kIdleTimeout = std::chrono::seconds(75);
/// A client that must send or take bytes has to move this many in this time, or is cut off. A link
/// of 9600 bit/s moves thirty times as much.
inline constexpr Duration kStallTimeout = std::chrono::seconds(30);
inline constexpr size_t kStallBytesMin = 1024;
/// Before a connection is closed, further input is discarded for this time: otherwise a reset would
/// destroy the answer that the client has not read yet (RFC 9112 §9.6).
inline constexpr Duration kLingerTimeout = std::chrono::seconds(2);
inline constexpr size_t kLingerBytesMax = size_t{1} << 20;
/// A translator that does not take the call within this time is given up.
inline constexpr Duration kOpenTimeout = std::chrono::seconds(5);
/// Replaces kOpenTimeout for a request that may be given to another translator; a healthy one takes
/// it within milliseconds.
inline constexpr Duration kRepeatTimeout = std::chrono::seconds(1);
/// Calls for one request: in the worst case, most of them meet translators that hang or drain.
inline constexpr int kAttemptsMax = 12;

/// Relay lanes that take transfers. Each leads to the next translator; the translators take turns,
/// however many lanes each has. With more translators than lanes, the lanes move among them.
inline constexpr size_t kLanesServing = 8;
/// Transfers of one lane at a time. A lane costs 16 KiB, a quarter of a KiB per transfer when full;
/// all its transfers share one stream's writes.
inline constexpr size_t kCallsPerLane = 64;
static_assert(kCallsPerLane <= contract::kRelaysPerLaneMax);
/// A lane takes transfers for this time, and ends with its last one, so that the load follows when
/// translators come and go.
inline constexpr Duration kLaneServes = std::chrono::seconds(10);
/// After a translator turns out not to support lanes, transfers are single calls for this time.
inline constexpr Duration kLanesUnknown = std::chrono::seconds(10);

/// The longest X-Forwarded-For that is trusted.
inline constexpr size_t kForwardedBytesMax = 1024;

}  // namespace lowband::edge::fallback
