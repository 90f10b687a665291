// The numbers of the contract between edge and translator that the schema cannot state. Both sides
// must agree on them.
//
// Threading: constants. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::contract {

/// The service's name in grpc.health.v1 and the service configuration.
inline constexpr const char* kServiceName = "lowband.v1.Translator";

/// A piece of a body: large enough for a low overhead, small enough that a small exchange never
/// waits long behind it.
inline constexpr size_t kChunkBytesMax = 64 * 1024;
/// Limit of a batch. Bounds the wait of a cancel or a small exchange behind it.
inline constexpr size_t kBatchBytesMax = 256 * 1024;
inline constexpr size_t kBatchFramesMax = 1024;
/// `frames` has protobuf's type.
constexpr bool IsBatchFull(size_t bytes, int frames) {
  return bytes >= kBatchBytesMax || frames >= static_cast<int>(kBatchFramesMax);
}
/// The head of one request without its body: a token of 4 KiB, path and queries of one datagram
/// of 8 KiB, and room.
inline constexpr size_t kRequestHeadBytesMax = 32 * 1024;
/// Limit of one gRPC message, in either direction.
inline constexpr size_t kMessageBytesMax = 1024 * 1024;
static_assert(kChunkBytesMax <= kBatchBytesMax);
/// Limit of data sent on a stream before the other side reads it (HTTP/2 flow control).
inline constexpr size_t kStreamWindowBytes = 128 * 1024;
static_assert(kStreamWindowBytes >= 2 * kChunkBytesMax);
static_assert(kBatchBytesMax + kChunkBytesMax + kRequestHeadBytesMax < kMessageBytesMax);

/// Limit of data sent of one relayed body on a lane before the reader gives credit.
inline constexpr size_t kRelayWindowBytes = 128 * 1024;
/// Relays of one lane at a time; more are refused.
inline constexpr size_t kRelaysPerLaneMax = 1024;
/// Stream window of a relay lane. Its transfers have their own flow control, and both sides always
/// read: so large that it delays no transfer.
inline constexpr size_t kRelayLaneWindowBytes = 1024 * 1024;

/// Each side pings a silent other, and closes the connection without an answer: a frozen translator
/// is noticed after their sum.
inline constexpr std::chrono::milliseconds kKeepaliveTime{10'000};
inline constexpr std::chrono::milliseconds kKeepaliveTimeout{5'000};
/// A server closes a connection with more frequent pings; with gRPC's default of five minutes every
/// connection would end with too_many_pings.
inline constexpr std::chrono::milliseconds kPingIntervalMin{5'000};
static_assert(kPingIntervalMin < kKeepaliveTime);

}  // namespace lowband::contract
