// The client's side of a connection: bytes that came and were not taken yet, bytes that wait to be
// sent, and waiting for either.
//
// Threading: one thread, the connection's. Ownership: has the stream. Limits: kBufferBytes of
// input; whoever sends keeps the output small.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/time.h"
#include "services/edge/fallback/byte_stream.h"
#include "services/edge/fallback/counters.h"

namespace lowband::edge::fallback {

/// Descriptors that become readable, and stay so, when the edge ends.
struct StopSignals {
  int drain_fd = -1;  ///< No further requests.
  int abort_fd = -1;  ///< Now.
};

class Wire {
 public:
  Wire(std::unique_ptr<ByteStream> stream, StopSignals stop, Counters& counters)
      : stream_(std::move(stream)), stop_(stop), counters_(counters) {}

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

  struct Awaited {
    bool input = false;
    bool drain = false;
    int other_fd = -1;
  };
  /// Until something awaited may have happened, unsent bytes can be written, or `deadline`.
  void Wait(const Awaited& awaited, std::optional<TimePoint> deadline);
  bool draining() const;
  bool aborting() const;

  /// The handshake, as long as within `patience` something comes of the client or it takes some
  /// of ours, but not longer than `life`.
  bool Handshake(Duration patience, Duration life);
  /// Sends what is left, tells the client that nothing more comes, and throws away what it still
  /// sends, for a short while: closing at once would take the answer from it (RFC 9112 §9.6).
  void Linger();
  /// The connection is closed without more ado.
  void Abandon() { failed_ = true; }
  ByteStream& stream() { return *stream_; }

 private:
  bool HasRoom() const;

  const std::unique_ptr<ByteStream> stream_;
  const StopSignals stop_;
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
