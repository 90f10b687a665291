// A DTLS client for tests: mbedTLS in virtual time, datagrams in and out by hand.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/tls/flight_timer.h"
#include "libs/tls/handle.h"
#include "libs/tls/key_log.h"

namespace lowband::edge::dtls {

class DtlsPeer {
 public:
  struct Options {
    std::vector<int> suites = {};                       ///< Empty: the shared profile, with CCM.
    std::optional<Bytes> connection_id = std::nullopt;  ///< Offer the extension with our own id.
    std::vector<uint16_t> signature_algorithms = {};    ///< Empty: the shared profile's.
    std::vector<uint16_t> groups = {};                  ///< Empty: the shared profile's.
    bool extended_master_secret = true;
    bool tickets = false;
    std::shared_ptr<tls::SslSession> resume = nullptr;
    std::string server_name = "";
    uint16_t mtu = 0;
    tls::KeyLog* key_log = nullptr;
    /// Sends its flight again each such time, however often, as pion does; none: backs off.
    std::optional<Duration> repeats_each = std::nullopt;
    mbedtls_x509_crt* authority = nullptr;  ///< Verify against it; null: verify nothing.
  };
  DtlsPeer(Random& random, Options options);

  /// Begins the handshake, or goes on with it.
  void Advance(TimePoint now);
  void Receive(TimePoint now, ByteView datagram);
  void Send(std::string_view text);
  void Close();
  /// Sends a fatal alert.
  void Alert();

  bool connected() const { return connected_; }
  /// The engine's error that ended the connection, or 0.
  int error() const { return error_; }
  std::optional<TimePoint> deadline() const {
    return options_.repeats_each ? repeat_at_ : timer_.deadline();
  }
  std::string suite() const;
  /// The certificate that the server showed, in DER.
  Bytes server_certificate() const;
  std::shared_ptr<tls::SslSession> SaveSession() const;
  bool connection_id_agreed() const;

  std::deque<Bytes> outgoing;
  std::vector<std::string> received;

 private:
  void Run();
  static int SendBytes(void* peer, const unsigned char* bytes, size_t size);
  static int ReceiveBytes(void* peer, unsigned char* out, size_t size);

  static void SetRepeat(void* peer, uint32_t intermediate_ms, uint32_t final_ms);
  static int GetRepeat(void* peer);

  Options options_;
  TimePoint now_{};
  std::optional<TimePoint> repeat_at_;  ///< With repeats_each.
  tls::FlightTimer timer_;
  tls::SslConfig config_;
  tls::SslContext ssl_;
  std::deque<Bytes> incoming_;
  bool connected_ = false;
  int error_ = 0;
};

}  // namespace lowband::edge::dtls
