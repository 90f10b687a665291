// The chunked transfer coding: a strict decoder, fed piece by piece, and the frames of an encoder.
//
//   size line ──▶ data ──▶ CRLF ──▶ size line … ──size 0──▶ trailer ──empty line──▶ done
//
// Threading: one thread. Errors: Refusal. Limits: limits.h. Spec: RFC 9112 §7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "libs/http/refusal.h"

namespace lowband::http {

class ChunkedDecoder {
 public:
  struct Step {
    size_t consumed = 0;    ///< Bytes of the input that are consumed.
    std::string_view data;  ///< A part of the body, which points into the consumed input.
  };
  /// Consumes the front of `in`, at most one run of data. Call again with the rest while bytes are
  /// consumed; if none are, more input is needed, or done(). A line is consumed as a whole, so an
  /// incomplete one must be passed again with the bytes after it. After a refusal the end of the
  /// body cannot be found: do not call again.
  Result<Step, Refusal> Next(std::string_view in);
  /// The body and its trailer have ended; the rest of the input is another message.
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : uint8_t { kSize, kData, kDataEnd, kTrailer, kDone };

  /// One step of the diagram above, or none.
  Result<Step, Refusal> Take(std::string_view in);
  Result<Step, Refusal> TakeSize(std::string_view in);
  Result<Step, Refusal> TakeTrailer(std::string_view in);

  State state_ = State::kSize;
  uint64_t left_ = 0;  ///< Bytes left of the present chunk's data.
  size_t trailer_bytes_ = 0;
};

/// The size line before a chunk of `bytes` (not 0); append CRLF to its data.
std::string ChunkHead(size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace lowband::http
