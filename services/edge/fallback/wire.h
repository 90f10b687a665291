// The client's side of a connection: received bytes that were not taken yet, bytes that wait to be
// sent, and the socket's events for which to wait.
//
// Threading: the connection's thread. Ownership: owns the stream. Limits: kBufferBytes of input;
// the callers of Send keep the output small. Empty buffers hold no memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/edge/fallback/byte_stream.h"
#include "services/edge/fallback/counters.h"

namespace lowband::edge::fallback {

/// The events at which to step a connection again.
struct Interest {
  bool in = false;   ///< Its socket is readable.
  bool out = false;  ///< Its socket is writable.
  bool now = false;  ///< At once: the bytes to read have already left the socket.
};

class Wire {
 public:
  Wire(std::unique_ptr<ByteStream> stream, Counters& counters)
      : stream_(std::move(stream)), counters_(counters) {}

  std::string_view in() const { return std::string_view(in_).substr(taken_); }
  void Take(size_t bytes);
  void Send(std::string_view bytes) { out_.append(bytes); }
  size_t unsent() const { return out_.size() - sent_; }
  /// All bytes moved so far, both ways.
  uint64_t moved() const { return moved_; }

  /// Reads the available bytes, as far as there is room.
  void Fill();
  /// Writes as much as the socket takes now.
  void Flush();
  /// The client has ended its output; in() may still hold some of it.
  bool ended() const { return ended_; }
  bool failed() const { return failed_; }

  /// `input`: the caller wants more input.
  Interest interest(bool input) const;
  /// The connection will be closed at once.
  void Abandon() { failed_ = true; }
  ByteStream& stream() { return *stream_; }

 private:
  bool HasRoom() const;

  const std::unique_ptr<ByteStream> stream_;
  Counters& counters_;
  std::string in_;
  size_t taken_ = 0;
  std::string out_;
  size_t sent_ = 0;
  uint64_t moved_ = 0;
  bool ended_ = false;
  bool failed_ = false;
  /// TLS: a read waits until the socket is writable, or a write until it is readable.
  bool read_wants_out_ = false;
  bool write_wants_in_ = false;
};

}  // namespace lowband::edge::fallback
