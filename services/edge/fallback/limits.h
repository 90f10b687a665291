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
/// Told to make room for others and not closed yet, which takes a turn of a loop: these have no
/// place any more, but still a descriptor.
inline constexpr size_t kLeavingMax = 256;
/// While all places are taken, a network with more than this part of them gives up its own, busy
/// ones too. A carrier's NAT may rightly have thousands of clients behind one address; eight that
/// have so many at one edge leave room for nobody.
inline constexpr size_t kHeavyShare = 8;
/// Threads for all connections. One moves some hundred MB/s, or makes some thousand handshakes a
/// second; the rest of the machine is for CoAP.
inline constexpr size_t kLoopsMax = 4;
/// Its epoll, and what wakes it.
inline constexpr uint64_t kDescriptorsPerLoop = 3;
/// Sockets that one turn of a loop looks at.
inline constexpr size_t kEventsPerTurnMax = 256;
/// Connections that wait to be accepted; cpp-httplib's own five would let a burst of clients wait
/// for TCP's retransmission.
inline constexpr int kBacklog = 1024;

/// One request's body. Homeservers have limits of their own, mostly 50 to 100 MiB.
inline constexpr uint64_t kBodyBytesDefault = uint64_t{256} << 20;
inline constexpr uint64_t kBodyBytesMax = uint64_t{1} << 40;

/// What is held of a transfer in each direction, besides gRPC's own window.
inline constexpr size_t kBufferBytes = contract::kChunkBytesMax;
static_assert(kBufferBytes >= http::kHeadBytesMax);

/// Of an answer's body, with the client not taking it.
inline constexpr size_t kWindowBytes = contract::kRelayWindowBytes;
/// An answer of a known length up to this is given to the client when it is whole: until then it
/// may still be had of another translator. Such a one comes without being asked to go on.
inline constexpr size_t kHeldAnswerBytesMax = 16 * 1024;
static_assert(kHeldAnswerBytesMax <= kWindowBytes);

/// From its first byte to the end of a request's head. A TLS handshake may stand still so long.
inline constexpr Duration kHeadTimeout = std::chrono::seconds(10);
/// A TLS handshake that goes on, however slowly, lasts this long: a chain of 3 KB takes 25 s on a
/// link of 1,200 bit/s.
inline constexpr Duration kTlsHandshakeLifeMax = std::chrono::seconds(120);
/// How often a handshake is looked at, to see whether the client took some of our flight.
inline constexpr Duration kTlsProgressInterval = std::chrono::seconds(1);
/// Between two requests. Browsers and proxies keep theirs for 60 s and more.
inline constexpr Duration kIdleTimeout = std::chrono::seconds(75);
/// A client that must send or take something moves this much in each such time, or is cut off. A
/// link of 9600 bit/s moves thirty times as much.
inline constexpr Duration kStallTimeout = std::chrono::seconds(30);
inline constexpr size_t kStallBytesMin = 1024;
/// How long what a client still sends is thrown away before its connection is closed: else the
/// answer it has not read is lost with a reset (RFC 9112 §9.6).
inline constexpr Duration kLingerTimeout = std::chrono::seconds(2);
inline constexpr size_t kLingerBytesMax = size_t{1} << 20;
/// A translator that does not take the call by then is given up.
inline constexpr Duration kOpenTimeout = std::chrono::seconds(5);
/// The same for a request that may be given to another; a translator that is well takes it in
/// milliseconds.
inline constexpr Duration kRepeatTimeout = std::chrono::seconds(1);
/// Calls for one request. Most meet a translator that hangs, or drains, one after the other.
inline constexpr int kAttemptsMax = 12;

/// Relay lanes that take transfers. Each leads to the next translator, and these have their turns,
/// on however many lanes. With more translators than this the lanes move among them.
inline constexpr size_t kLanesServing = 8;
/// Transfers of one lane at a time. A lane costs 16 KiB, which is a quarter of a KiB for each when
/// it is full; and all on it share one stream's turn at being written.
inline constexpr size_t kCallsPerLane = 64;
static_assert(kCallsPerLane <= contract::kRelaysPerLaneMax);
/// A lane takes transfers for so long, and goes with its last: so that translators which come and
/// go get their share.
inline constexpr Duration kLaneServes = std::chrono::seconds(10);
/// How long each transfer is a call of its own after a translator has told that it knows no lanes.
inline constexpr Duration kLanesUnknown = std::chrono::seconds(10);

/// What is trusted of a client's X-Forwarded-For.
inline constexpr size_t kForwardedBytesMax = 1024;

}  // namespace lowband::edge::fallback
