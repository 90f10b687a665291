// The two directions of a client's connection, plain or inside TLS, never blocking.
//
// Threading: one thread. Ownership: has the socket, and closes it.
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
    kWantsIn,   ///< Nothing moved: again when the socket is readable.
    kWantsOut,  ///< Nothing moved: again when the socket is writable.
    kEnd,       ///< Read only: the peer sends nothing more.
    kFailed,    ///< The connection is unusable.
  };
  Status status = Status::kFailed;
  size_t bytes = 0;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Before anything else: kDone when the connection is ready. Nothing to do without TLS.
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(std::span<char> into) = 0;
  /// May take a part of `bytes`. After kWants… the same bytes must come first in the next call.
  virtual IoResult Write(std::string_view bytes) = 0;
  /// Bytes that Read would give although the socket is not readable.
  virtual bool HasBuffered() const = 0;
  /// Tells the peer that nothing more comes. Does not wait.
  virtual void EndOutput() = 0;
  /// Handshake failed since the peer speaks plain HTTP.
  virtual bool PeerSpeaksPlainHttp() const = 0;
  int fd() const { return fd_; }

 protected:
  explicit ByteStream(int fd) : fd_(fd) {}
  const int fd_;
};

/// `fd` does not block.
std::unique_ptr<ByteStream> MakePlainStream(int fd);
/// Fails at once if there is no memory for it. `context` is counted by OpenSSL.
std::unique_ptr<ByteStream> MakeTlsStream(int fd, ssl_ctx_st* context);

}  // namespace lowband::edge::fallback
