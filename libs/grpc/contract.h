// The numbers of the contract between edge and translator that the schema cannot state. Both sides
// must agree on them.
//
// Threading: constants. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::contract {

/// The name that grpc.health.v1 and the service configuration know the service by.
inline constexpr const char* kServiceName = "lowband.v1.Translator";

/// A piece of a body: large enough to cost nothing, small enough that a small exchange never waits
/// long behind it.
inline constexpr size_t kChunkBytesMax = 64 * 1024;
/// A batch stops growing here. Bounds how long a cancel or a small exchange waits behind it.
inline constexpr size_t kBatchBytesMax = 256 * 1024;
inline constexpr size_t kBatchFramesMax = 1024;
/// `frames` as protobuf counts them.
constexpr bool IsBatchFull(size_t bytes, int frames) {
  return bytes >= kBatchBytesMax || frames >= static_cast<int>(kBatchFramesMax);
}
/// The head of one request without its body: a token of 4 KiB, path and queries of one datagram
/// of 8 KiB, and room.
inline constexpr size_t kRequestHeadBytesMax = 32 * 1024;
/// What one gRPC message may be, in either direction.
inline constexpr size_t kMessageBytesMax = 1024 * 1024;
static_assert(kChunkBytesMax <= kBatchBytesMax);
/// What either side lets the other send on a stream before it is read (HTTP/2 flow control).
inline constexpr size_t kStreamWindowBytes = 128 * 1024;
static_assert(kStreamWindowBytes >= 2 * kChunkBytesMax);
static_assert(kBatchBytesMax + kChunkBytesMax + kRequestHeadBytesMax < kMessageBytesMax);

/// What either side lets the other send of one relayed body on a lane before the reader has come
/// on.
inline constexpr size_t kRelayWindowBytes = 128 * 1024;
/// Relays of one lane at a time; further ones are refused.
inline constexpr size_t kRelaysPerLaneMax = 1024;
/// The flow control of a relay lane's stream is not that of its transfers: either side always
/// reads. So large that it holds up nobody.
inline constexpr size_t kRelayLaneWindowBytes = 1024 * 1024;

/// Each side asks a silent other for a sign of life, and gives the connection up without one: a
/// frozen translator is noticed after their sum.
inline constexpr std::chrono::milliseconds kKeepaliveTime{10'000};
inline constexpr std::chrono::milliseconds kKeepaliveTimeout{5'000};
/// Pings closer together than this are an offence to the server; gRPC's own default would be five
/// minutes and end every connection with too_many_pings.
inline constexpr std::chrono::milliseconds kPingIntervalMin{5'000};
static_assert(kPingIntervalMin < kKeepaliveTime);

}  // namespace lowband::contract
