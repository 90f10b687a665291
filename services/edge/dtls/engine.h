// One worker's configuration of mbedTLS for one identity: what its handshakes are made with.
//
// Threading: one worker. Ownership: shared by the channels made with it, so that they outlive a
// change of the certificate; credentials and random outlive all of them. mbedTLS reads the
// system's clock itself for the age of tickets and the time in its random value (RFC 5246
// §7.4.1.2); nothing that the stage decides depends on it but whether a ticket is still good.
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

  /// What a client is answered with that sent `hello`.
  const mbedtls_ssl_config* ConfigFor(const ClientHello& hello) const {
    // mbedTLS signs with the first hash that the client names and the configuration lists.
    return key_on_p384_ && hello.ecdsa_with_sha384 ? with_sha384_.get() : config_.get();
  }
  /// True if a ticket was accepted since the last call: mbedTLS does not tell otherwise.
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
  tls::SslConfig config_;       // Points to both.
  tls::SslConfig with_sha384_;  // Set up, and the same but for the hash, with a key on P-384.
  bool key_on_p384_ = false;
  bool ticket_accepted_ = false;
};

}  // namespace lowband::edge::dtls
