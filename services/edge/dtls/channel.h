// The record protection and handshake of one session: an mbedTLS context fed one record at a time.
//
// Separate from the session (session_table.h), whose data about a client must stay available even
// while the context is put away.
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

/// Datagrams to be sent, with their destinations.
using Outbox = PacketQueue<SocketAddress>;

/// The result of a record, or of an elapsed time.
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
  /// measured cookie exchange, from which the time of a flight is estimated.
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
  /// kRecordPlaintextMax bytes. After results other than kNone, kOpened and kData, call only
  /// Close() or the destructor.
  Received Receive(TimePoint now, const SocketAddress& peer, ByteView record,
                   std::span<uint8_t> plaintext);
  /// Sends the last flight again if its time has come.
  Progress Advance(TimePoint now, const SocketAddress& peer);
  /// The time of the handshake's next retransmission; none if there is nothing to retransmit.
  std::optional<TimePoint> deadline() const { return channel_.timer().deadline(); }

  /// Until this time the last flight, or the client's answer to it, must still be on its way.
  TimePoint flight_done() const { return flight_done_; }

  /// Sends one record of at most kApplicationDataMax bytes; false if the engine refuses.
  bool Send(const SocketAddress& peer, ByteView data);
  /// The length of the record that Send() makes of `data` bytes.
  size_t RecordBytes(size_t data) const;
  /// Sends close_notify.
  void Close(const SocketAddress& peer);

  bool open() const { return open_; }
  /// Results of the handshake, after kOpened.
  bool uses_connection_id() const { return channel_.uses_connection_id(); }
  bool resumed() const { return resumed_; }
  /// One number for all sessions that descend from one full handshake by tickets: they belong to
  /// one client. 0: the client does not support tickets.
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
  tls::KeyLog* key_log_ = nullptr;  // May be null.
  tls::RecordChannel channel_{*this};
  const SocketAddress* peer_ = nullptr;  // Set during a call.
  size_t flight_bytes_ = 0;              // Handshake bytes sent in this call.
  size_t largest_ = 0;                   // The largest of their datagrams.
  size_t flight_largest_ = 0;            // The largest datagram of the flight sent last.
  unsigned flights_ = 0;                 // Flights sent; until open, all are one flight.
  TimePoint flight_done_{};
  bool open_ = false;
  bool resumed_ = false;
  bool knows_tickets_ = false;
  uint64_t lineage_ = 0;
};

}  // namespace lowband::edge::dtls
