// The compression of bodies, and its flags, common to `request` and `sync`.
//
// Threading: main; the value is then read from any thread.
#pragma once

#include <cstdint>

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

/// `compression` outlives `app`.
void AddCompression(CLI::App& app, Compression& compression);

}  // namespace lowband::tools
