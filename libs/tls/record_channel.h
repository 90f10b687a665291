// An mbedTLS context of DTLS that gets one record at a time, in the time of a sans-IO stage: the
// common part of both ends of a session.
//
// One record, since mbedTLS ends the connection at an empty datagram, and at one whose last record
// is cut off: anyone could send such datagrams.
//
// Threading: one thread. Ownership: never moves (mbedTLS points into it); the wire outlives it.
// Spec: RFC 6347, RFC 9146.
#pragma once

#include <mbedtls/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "libs/tls/flight_timer.h"
#include "libs/tls/handle.h"

namespace lowband::tls {

/// The output of a context.
class Wire {
 public:
  Wire() = default;
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  /// One datagram. Called from within the calls of the channel.
  virtual void Transmit(ByteView datagram) = 0;
};

class RecordChannel {
 public:
  explicit RecordChannel(Wire& wire) : wire_(wire) {}
  RecordChannel(const RecordChannel&) = delete;
  RecordChannel& operator=(const RecordChannel&) = delete;

  /// `config` outlives the channel; `datagram_bytes` bounds the handshake's. Returns 0 or an error
  /// of mbedTLS, as do all functions here that return an int.
  int SetUp(const mbedtls_ssl_config* config, size_t datagram_bytes);

  /// Makes `step` (Handshake() or Read(), whose result the owner interprets) read one whole record.
  /// A step may find that a flight's time is over, and repeat the flight instead of reading: if by
  /// its result the session continues, another step follows.
  template <class Step>
  void Feed(TimePoint now, ByteView record, Step step) {
    timer_.SetNow(now);
    input_ = record;
    if (step() && !input_.empty()) step();
    input_ = {};
  }

  int Handshake();
  /// Returns the bytes of one record's data, or an error.
  int Read(std::span<uint8_t> plaintext);
  /// One record. 0 when it was sent.
  int Write(ByteView data);
  /// Sends close_notify. The session ends even if that fails.
  void CloseNotify();

  /// Both ends agreed on connection ids.
  bool uses_connection_id() const;

  mbedtls_ssl_context* ssl() { return ssl_.get(); }
  const mbedtls_ssl_context* ssl() const { return ssl_.get(); }
  FlightTimer& timer() { return timer_; }
  const FlightTimer& timer() const { return timer_; }

 private:
  static int SendBytes(void* channel, const unsigned char* bytes, size_t size);
  static int ReceiveBytes(void* channel, unsigned char* out, size_t size);

  Wire& wire_;
  FlightTimer timer_;
  SslContext ssl_;
  ByteView input_;  ///< The record that mbedTLS has not taken yet, during Feed().
};

}  // namespace lowband::tls
