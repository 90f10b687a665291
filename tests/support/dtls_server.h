// A DTLS server in memory, straight on mbedTLS: the peer that the client's channel is tested
// against, so that it need not be the edge.
//
// Threading: one thread. Ownership: never moves.
#pragma once

#include <mbedtls/ssl_cookie.h>

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

namespace lowband::client {

/// A fresh P-256 key with a self-signed certificate for `names`: DNS names and IPv4 literals.
struct TestIdentity {
  explicit TestIdentity(const std::vector<std::string>& names);
  std::string certificate_pem;
  std::string key_pem;
};

class DtlsServer {
 public:
  struct Options {
    bool tickets = true;
    /// The server's own connection ID; none: it knows no CIDs.
    std::optional<Bytes> connection_id;
    /// Suites in the server's order; null: those of the product. Ends with 0.
    const int* suites = nullptr;
  };

  DtlsServer(const TestIdentity& identity, Options options);

  /// Ready for another client, with the same ticket keys.
  void Reset();
  void Receive(TimePoint now, ByteView datagram);
  void Send(ByteView message);
  void CloseNotify();

  std::deque<Bytes> outgoing;
  std::deque<Bytes> messages;  ///< What came, decrypted.
  bool ready = false;
  unsigned hello_verify_requests = 0;
  int last_error = 0;

 private:
  static int SendRaw(void* context, const unsigned char* data, size_t size);
  static int ReceiveRaw(void* context, unsigned char* data, size_t capacity);

  std::unique_ptr<Random> random_ = MakeSystemRandom();
  Options options_;
  tls::Certificate certificate_;
  tls::PrivateKey key_;
  tls::SslTickets tickets_;
  using Cookies =
      tls::Handle<mbedtls_ssl_cookie_ctx, mbedtls_ssl_cookie_init, mbedtls_ssl_cookie_free>;
  Cookies cookies_;
  tls::SslConfig config_;
  tls::SslContext ssl_;
  tls::FlightTimer timer_;
  std::optional<ByteView> input_;
};

}  // namespace lowband::client
