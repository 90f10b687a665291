// A request's body as it comes out of the client's connection: framing taken off, limits held.
//
// Threading: one thread. Errors: Refusal. Spec: RFC 9112 §6, §7.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "libs/http/chunked.h"
#include "libs/http/request_head.h"

namespace lowband::edge::fallback {

class RequestBody {
 public:
  RequestBody(const http::RequestHead& head, uint64_t bytes_max);

  struct Piece {
    size_t consumed = 0;  ///< Bytes of the input that are done with.
    std::string data;     ///< Empty: more input is needed, or the body is whole.
  };
  /// The next piece of the body, at most `size_max` bytes, from the front of `in`.
  Result<Piece, http::Refusal> Next(std::string_view in, size_t size_max);
  bool whole() const;

 private:
  Result<Piece, http::Refusal> NextChunked(std::string_view in, size_t size_max);

  const bool chunked_;
  uint64_t left_;  ///< Until the end, or until the limit where the end is not known.
  http::ChunkedDecoder decoder_;
};

/// What is wrong with the length that the head names, if anything: too large.
std::optional<http::Refusal> CheckBodyLength(const http::RequestHead& head, uint64_t bytes_max);

}  // namespace lowband::edge::fallback
