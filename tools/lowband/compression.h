// The compression of bodies, and its flags, common to `request` and `sync`.
//
// Threading: main; the value is then read from any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"

namespace CLI {
class App;
}

namespace lowband::tools {

/// Both ways, where it makes a body shorter.
enum class Compression : uint8_t {
  kNone,
  kDeflate,  ///< Of CBOR and JSON.
  kPacked,   ///< Of CBOR (libs/transcode/packed.h); JSON as with kDeflate.
};

/// The flags of `app`; `compression` outlives it.
void AddCompression(CLI::App& app, Compression& compression);

/// `cbor` under a compression; none: it would be no shorter.
std::optional<Bytes> CompressCbor(Compression compression, ByteView cbor);
/// The CBOR in what CompressCbor() gives; none: it cannot be read.
std::optional<Bytes> UncompressCbor(Compression compression, ByteView body);

}  // namespace lowband::tools
