#include "tools/lowband/compression.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "libs/transcode/deflate.h"
#include "libs/transcode/packed.h"

namespace lowband::tools {
namespace {

/// A document's size after decompression: more than any gateway allows.
constexpr size_t kPlainBytesMax = size_t{1} << 30;

}  // namespace

void AddCompression(CLI::App& app, Compression& compression) {
  auto* const deflate = app.add_flag_callback(
      "--compressed", [&compression] { compression = Compression::kDeflate; },
      "Bodies are compressed by deflate, both ways, if that is shorter (Content-Formats 11060 and "
      "11050); the server must support it, as Lowband does");
  app.add_flag_callback(
         "--packed", [&compression] { compression = Compression::kPacked; },
         "Bodies are in Lowband's packed format, both ways, if that is shorter (Content-Format "
         "65079): the fewest bytes; only Lowband supports it")
      ->excludes(deflate);
}

std::optional<Bytes> CompressCbor(Compression compression, ByteView cbor) {
  switch (compression) {
    case Compression::kNone: return std::nullopt;
    case Compression::kDeflate: return transcode::Deflate(cbor);
    case Compression::kPacked: return transcode::Pack(cbor);
  }
  return std::nullopt;
}

std::optional<Bytes> UncompressCbor(Compression compression, ByteView body) {
  switch (compression) {
    case Compression::kNone: return Bytes(body.begin(), body.end());
    case Compression::kDeflate: return transcode::Inflate(body, kPlainBytesMax);
    case Compression::kPacked: break;
  }
  auto cbor = transcode::Unpack(body, kPlainBytesMax);
  if (!cbor) return std::nullopt;
  return std::move(*cbor);
}

}  // namespace lowband::tools
