// The limits of the transcoder, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowband::transcode {

/// Nested containers, both directions.
inline constexpr size_t kDepthMax = 128;

/// Data items of a document from a client: every key, value and chunk of a string counts.
inline constexpr uint32_t kRequestItemsMax = 200'000;

/// Data items of a document from a homeserver. An initial sync of a large account exceeds 200,000,
/// and no memory is held per item, so this is the number that the largest JSON input can have: the
/// limit of the body is the effective one.
inline constexpr uint32_t kResponseItemsMax = 33'554'432;

/// The limits of deployed clients: nested containers, items of an array or entries of a map. They
/// refuse a whole document that exceeds either.
inline constexpr size_t kDeployedDepthMax = 32;
inline constexpr uint32_t kDeployedContainerItemsMax = 131'072;

/// Bad values of one container that are replaced one by one; with more, the container is replaced.
inline constexpr size_t kMendsMax = 10'000;
/// The path of a replaced value in a log line.
inline constexpr size_t kMendPathBytesMax = 256;

/// Input of one call. Limits of bodies are smaller; this one keeps offsets within 32 bits.
inline constexpr size_t kInputBytesMax = 64 * 1024 * 1024;

/// Output of one call. A control character grows sixfold in JSON, and a number of three
/// characters becomes a float of nine bytes in CBOR.
inline constexpr size_t kOutputBytesMax = 256 * 1024 * 1024;

/// The shortest text that travels as bytes in the packed format. Shorter text is often a word.
inline constexpr size_t kBase64CharactersMin = 22;
/// The document in a packed body of one block (RFC 8878 §3.1.1.2).
inline constexpr size_t kPackedBlockBytesMax = size_t{128} * 1024;
/// The static dictionary of the packed format: its contents.
inline constexpr size_t kDictionaryBytesMax = size_t{16} * 1024;

/// The largest integer that every JSON reader represents exactly: 2^53 − 1.
inline constexpr uint64_t kIntegerMax = (uint64_t{1} << 53) - 1;

static_assert(kRequestItemsMax <= kResponseItemsMax);
static_assert(kResponseItemsMax >= kInputBytesMax / 2, "a value and a comma are two bytes");
static_assert(kDeployedDepthMax <= kDepthMax && kDeployedContainerItemsMax <= kResponseItemsMax);
static_assert(kInputBytesMax <= kOutputBytesMax);
static_assert(kOutputBytesMax <= UINT32_MAX / 2, "offsets are 32 bits wide");

}  // namespace lowband::transcode
