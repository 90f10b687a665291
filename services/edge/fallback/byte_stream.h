// The two directions of a client's connection, plain or inside TLS; never blocks.
//
// Threading: one thread. Ownership: owns the socket, and closes it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

struct ssl_ctx_st;

namespace lowband::edge::fallback {

struct IoResult {
  enum class Status : unsigned char {
    kDone,      ///< `bytes` were moved, at least one.
    kWantsIn,   ///< No bytes moved: repeat when the socket is readable.
    kWantsOut,  ///< No bytes moved: repeat when the socket is writable.
    kEnd,       ///< Read only: the peer has ended its output.
    kFailed,    ///< The connection is unusable.
  };
  Status status = Status::kFailed;
  size_t bytes = 0;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Called first: kDone when the connection is ready. Without TLS it has no effect.
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(std::span<char> into) = 0;
  /// May take a part of `bytes`. After kWants… the same bytes must come first in the next call.
  virtual IoResult Write(std::string_view bytes) = 0;
  /// Whether Read can return bytes although the socket is not readable.
  virtual bool HasBuffered() const = 0;
  /// Signals the end of our output to the peer. Does not wait.
  virtual void EndOutput() = 0;
  /// Whether the handshake failed because the peer speaks plain HTTP.
  virtual bool PeerSpeaksPlainHttp() const = 0;
  int fd() const { return fd_; }

 protected:
  explicit ByteStream(int fd) : fd_(fd) {}
  const int fd_;
};

/// `fd` is non-blocking.
std::unique_ptr<ByteStream> MakePlainStream(int fd);
/// Without memory, its first call fails. OpenSSL counts the reference to `context`.
std::unique_ptr<ByteStream> MakeTlsStream(int fd, ssl_ctx_st* context);

}  // namespace lowband::edge::fallback
