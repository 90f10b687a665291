#include "services/translator/mapping/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

namespace lowband::translator::mapping {
namespace {

constexpr int kGzip = 16;  // added to the window's bits: gzip, neither zlib nor raw deflate
constexpr int kMemoryLevel = 8;
constexpr size_t kFirstGuess = 16 * 1024;

/// zlib reads through a pointer that is not const.
void SetInput(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

void SetOutput(z_stream& stream, std::string& out) {
  stream.next_out = reinterpret_cast<Bytef*>(out.data()) + stream.total_out;
  stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
}

}  // namespace

std::optional<std::string> Gunzip(std::string_view packed, size_t bytes_max) {
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) return std::nullopt;
  SetInput(stream, packed);
  std::string plain;
  int state = Z_OK;
  // One byte more than allowed distinguishes a document of just that length from a longer one.
  while (state == Z_OK && plain.size() <= bytes_max) {
    plain.resize(std::min(std::max(2 * plain.size(), kFirstGuess), bytes_max + 1));
    SetOutput(stream, plain);
    state = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_out != 0) break;  // the end, or the input's
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0;
  const size_t size = stream.total_out;
  inflateEnd(&stream);
  if (!whole || size > bytes_max) return std::nullopt;
  plain.resize(size);
  return plain;
}

std::string Gzip(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();  // out of memory
  }
  SetInput(stream, plain);
  std::string packed(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
  SetOutput(stream, packed);
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace lowband::translator::mapping
