// The record protection and handshake of one session: an mbedTLS context fed one record at a time.
//
// Apart from the session itself (session_table.h), which keeps what must be known of a client even
// while its context is put away.
//
// Threading: one worker. Ownership: shares its engine; writes into the server's outbox, which
// outlives it. Spec: RFC 6347, RFC 9146.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/packet_queue.h"
#include "libs/base/time.h"
#include "libs/tls/link_time.h"
#include "libs/tls/record_channel.h"
#include "services/edge/dtls/config.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/engine.h"

namespace lowband::edge::dtls {

/// Datagrams to be sent, with where to.
using Outbox = PacketQueue<SocketAddress>;

/// What became of a record, or of the time that passed.
enum class Progress : uint8_t {
  kNone,        ///< The record was ignored, or the handshake goes on.
  kOpened,      ///< The handshake is done.
  kData,        ///< Application data.
  kPeerClosed,  ///< close_notify.
  kPeerAlert,   ///< A fatal alert.
  kFailed,      ///< The engine gave up; it sent an alert where that makes sense.
};

class Channel final : private tls::Wire {
 public:
  /// Null only for lack of memory. `id` is used if the client wants connection ids; `link` is the
  /// exchange of the cookie, from which the time of a flight is told.
  static std::unique_ptr<Channel> Make(std::shared_ptr<Engine> engine, const Config& config,
                                       const ClientHello& hello, const ConnectionId& id,
                                       const tls::LinkSample& link, Outbox& outbox);
  Channel(std::shared_ptr<Engine> engine, const tls::LinkSample& link, Outbox& outbox);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  struct Received {
    Progress progress = Progress::kNone;
    ByteView data;  ///< In `plaintext`.
  };
  /// Reads one whole record. Answers go to `peer`; data goes into `plaintext`, which has
  /// kRecordPlaintextMax bytes. After anything but kNone, kOpened and kData only Close() and
  /// destruction make sense.
  Received Receive(TimePoint now, const SocketAddress& peer, ByteView record,
                   std::span<uint8_t> plaintext);
  /// Sends the last flight again if its time has come.
  Progress Advance(TimePoint now, const SocketAddress& peer);
  /// Of the handshake's retransmission; none when there is nothing to send again.
  std::optional<TimePoint> deadline() const { return channel_.timer().deadline(); }

  /// Until then the last flight, or the client's answer to it, must still be on its way.
  TimePoint flight_done() const { return flight_done_; }

  /// Sends one record of at most kApplicationDataMax bytes; false if the engine refuses.
  bool Send(const SocketAddress& peer, ByteView data);
  /// The length of the record that Send() makes of so many bytes.
  size_t RecordBytes(size_t data) const;
  /// Sends close_notify.
  void Close(const SocketAddress& peer);

  bool open() const { return open_; }
  /// After kOpened: what was agreed.
  bool uses_connection_id() const { return channel_.uses_connection_id(); }
  bool resumed() const { return resumed_; }
  /// The same number in all sessions that the tickets of one full handshake began: they are one
  /// client's. 0: it knows no tickets.
  uint64_t lineage() const { return lineage_; }
  /// The largest datagram of the flight that the client has answered.
  size_t passed_bytes() const { return flight_largest_; }

 private:
  void FlightSent(TimePoint now);
  bool SetUp(const Config& config, const ClientHello& hello, const ConnectionId& id);
  Progress Shake();
  Received Read(std::span<uint8_t> plaintext);
  static void TakeSecret(void* channel, mbedtls_ssl_key_export_type type,
                         const unsigned char* secret, size_t secret_size,
                         const unsigned char client_random[32],
                         const unsigned char server_random[32], mbedtls_tls_prf_types prf);
  void Transmit(ByteView datagram) override;

  std::shared_ptr<Engine> engine_;
  Outbox& outbox_;
  const tls::LinkSample link_;
  tls::KeyLog* key_log_ = nullptr;  // Or null.
  tls::RecordChannel channel_{*this};
  const SocketAddress* peer_ = nullptr;  // During a call.
  size_t flight_bytes_ = 0;              // Of the handshake, sent in this call.
  size_t largest_ = 0;                   // Of those datagrams.
  size_t flight_largest_ = 0;            // Of the flight sent last.
  unsigned flights_ = 0;                 // Sent; while not open all are the same one.
  TimePoint flight_done_{};
  bool open_ = false;
  bool resumed_ = false;
  bool knows_tickets_ = false;
  uint64_t lineage_ = 0;
};

}  // namespace lowband::edge::dtls
