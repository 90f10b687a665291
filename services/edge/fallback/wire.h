// The client's side of a connection: bytes that came and were not taken yet, bytes that wait to be
// sent, and what of its socket is worth waiting for.
//
// Threading: one thread, the connection's. Ownership: has the stream. Limits: kBufferBytes of
// input; whoever sends keeps the output small. What is empty holds no memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/edge/fallback/byte_stream.h"
#include "services/edge/fallback/counters.h"

namespace lowband::edge::fallback {

/// When a connection is to be stepped again.
struct Interest {
  bool in = false;   ///< Its socket is readable.
  bool out = false;  ///< Its socket is writable.
  bool now = false;  ///< At once: what there is to read is no longer in the socket.
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

  /// Reads what is there, as far as there is room.
  void Fill();
  /// Writes what can be written now.
  void Flush();
  /// The client sends nothing more; in() may still hold some.
  bool ended() const { return ended_; }
  bool failed() const { return failed_; }

  /// `input`: it will be filled.
  Interest interest(bool input) const;
  /// The connection is closed without more ado.
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
  /// TLS: reading wants the socket writable, or writing wants it readable.
  bool read_wants_out_ = false;
  bool write_wants_in_ = false;
};

}  // namespace lowband::edge::fallback
