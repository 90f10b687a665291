// Reads a request's body from the client's connection: removes the framing, enforces the limits.
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
    size_t consumed = 0;  ///< Bytes of the input that can be dropped.
    std::string data;     ///< Empty: more input is needed, or the body is complete.
  };
  /// The next piece of the body, at most `size_max` bytes, from the front of `in`.
  Result<Piece, http::Refusal> Next(std::string_view in, size_t size_max);
  bool whole() const;

 private:
  Result<Piece, http::Refusal> NextChunked(std::string_view in, size_t size_max);

  const bool chunked_;
  uint64_t left_;  ///< Until the end, or until the limit if the length is unknown.
  http::ChunkedDecoder decoder_;
};

/// A refusal if the length in the head is too large.
std::optional<http::Refusal> CheckBodyLength(const http::RequestHead& head, uint64_t bytes_max);

}  // namespace lowband::edge::fallback
