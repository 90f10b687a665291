// A DTLS 1.2 client, sans-IO: datagrams of the wire on one side, messages on the other.
//
//   kIdle ──Start──▶ kHandshake ──▶ kReady ──CloseNotify, close_notify, alert──▶ kClosed
//                        └── alert, bad certificate, no answer ──▶ kClosed
//
// Threading: one thread. Ownership: never moves (mbedTLS points into it); drained views are valid
// until the next call. Limits: limits.h. Spec: RFC 6347, RFC 5077, RFC 9146.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/base/packet_queue.h"
#include "libs/base/random.h"
#include "libs/base/result.h"
#include "libs/client/config.h"
#include "libs/tls/handle.h"
#include "libs/tls/link_time.h"
#include "libs/tls/record.h"
#include "libs/tls/record_channel.h"

namespace lowband::client {

class DtlsChannel final : private tls::Wire {
 public:
  enum class State : uint8_t { kIdle, kHandshake, kReady, kClosed };

  /// `random` outlives the channel. The error names the part of `config` that mbedTLS refused.
  static Result<std::unique_ptr<DtlsChannel>, std::string> Create(const Config& config,
                                                                  Random& random);
  DtlsChannel(const Config& config, Random& random);

  void Start(TimePoint now);
  void Receive(TimePoint now, ByteView datagram);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;
  /// One message, one record, one datagram. In other states than kReady it is dropped.
  void Seal(TimePoint now, ByteView message);
  void CloseNotify(TimePoint now);

  std::optional<ByteView> PollMessage();
  std::optional<ByteView> PollDatagram();

  State state() const { return state_; }
  /// The reason why the channel closed, a sentence for people.
  const std::string& detail() const { return detail_; }
  std::string CipherSuite() const;
  /// The server accepted our offer of connection IDs.
  bool HasConnectionId() const { return channel_.uses_connection_id(); }
  bool resumed() const;
  /// Empty while not ready, or if the server gave no ticket. Contains the master secret.
  Bytes SaveTicket() const;

 private:
  void Transmit(ByteView datagram) override;

  std::optional<std::string> SetUp();
  std::optional<std::string> LoadTicket();
  void Run(TimePoint now);
  void Shake();
  TimePoint GiveUp() const;
  void Heard(TimePoint now, size_t bytes);
  void Read();
  void Fail(int code);
  void Closed(std::string detail);
  void Look(const tls::Record& record);

  // A copy, so that the caller's configuration need not outlive the channel; the trace is called
  // from within mbedTLS's callbacks.
  Config config_;
  Random& random_;
  tls::SslConfig ssl_config_;
  tls::RecordChannel channel_{*this};
  TimePoint now_{};
  TimePoint started_{};
  TimePoint heard_{};
  /// The measured exchange of our first ClientHello and the first answer.
  tls::LinkSample link_;
  size_t hello_bytes_ = 0;
  TimePoint hello_sent_;     // Its last copy.
  size_t flight_bytes_ = 0;  ///< Bytes of the handshake sent in this call.
  State state_ = State::kIdle;
  std::string detail_;
  ByteView sealing_;  ///< The message that is being sealed.
  bool saw_certificate_ = false;
  bool saw_ticket_ = false;
  struct None {};
  PacketQueue<None> messages_;
  PacketQueue<None> datagrams_;
};

}  // namespace lowband::client
