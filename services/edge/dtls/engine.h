// One worker's configuration of mbedTLS for the handshakes with one identity.
//
// Threading: one worker. Ownership: shared by the channels made with it, so that they outlive a
// change of the certificate; credentials and random outlive all of them. mbedTLS itself reads the
// system's clock, for the age of tickets and the time in its random value (RFC 5246 §7.4.1.2); of
// the stage's decisions, only the validity of a ticket depends on it.
#pragma once

#include <memory>
#include <utility>

#include "libs/base/random.h"
#include "libs/tls/handle.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/config.h"
#include "services/edge/dtls/credentials.h"

namespace lowband::edge::dtls {

class Engine {
 public:
  /// Null only for lack of memory.
  static std::shared_ptr<Engine> Make(const Config& config, Credentials& credentials,
                                      Random& random);
  explicit Engine(Credentials& credentials);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The configuration for the client that sent `hello`.
  const mbedtls_ssl_config* ConfigFor(const ClientHello& hello) const {
    // mbedTLS signs with the first hash that the client names and the configuration lists.
    return key_on_p384_ && hello.ecdsa_with_sha384 ? with_sha384_.get() : config_.get();
  }
  /// True if a ticket was accepted since the last call: mbedTLS has no function for that.
  bool TakeTicketAccepted() { return std::exchange(ticket_accepted_, false); }

 private:
  bool SetUp(const Config& config, Random& random);
  bool SetUp(const Config& config, Random& random, mbedtls_ssl_config* out);
  static int WriteTicket(void* engine, const mbedtls_ssl_session* session, unsigned char* start,
                         const unsigned char* end, size_t* size, uint32_t* lifetime);
  static int ParseTicket(void* engine, mbedtls_ssl_session* session, unsigned char* ticket,
                         size_t size);

  TicketKeys& tickets_;
  std::shared_ptr<const Identity> identity_;
  std::unique_ptr<tls::PrivateKey> key_;
  tls::SslConfig config_;       // Points to identity and key.
  tls::SslConfig with_sha384_;  // Only for a key on P-384: differs from config_ in the hash.
  bool key_on_p384_ = false;
  bool ticket_accepted_ = false;
};

}  // namespace lowband::edge::dtls
