#include "services/edge/dtls/engine.h"

#include "libs/tls/profile.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

// limits.h must match the engine's buffers, whose size the build of mbedTLS fixes.
static_assert(kRecordPlaintextMax == MBEDTLS_SSL_IN_CONTENT_LEN);
static_assert(kApplicationDataMax <= MBEDTLS_SSL_OUT_CONTENT_LEN);
static_assert(kConnectionIdBytes <= MBEDTLS_SSL_CID_IN_LEN_MAX);
static_assert(kPeerConnectionIdBytesMax == MBEDTLS_SSL_CID_OUT_LEN_MAX);

namespace {

// Server checks cookies before it makes a context, so this callback accepts all. Without callbacks
// the engine would refuse every ClientHello with a cookie.
int AcceptCookie(void*, const unsigned char*, size_t, const unsigned char*, size_t) { return 0; }
int RefuseToMakeCookie(void*, unsigned char**, unsigned char*, const unsigned char*, size_t) {
  return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

}  // namespace

Engine::Engine(Credentials& credentials)
    : tickets_(credentials.tickets()), identity_(credentials.identity()) {}

std::shared_ptr<Engine> Engine::Make(const Config& config, Credentials& credentials,
                                     Random& random) {
  auto engine = std::make_shared<Engine>(credentials);
  return engine->SetUp(config, random) ? engine : nullptr;
}

bool Engine::SetUp(const Config& config, Random& random) {
  key_ = identity_->MakeKey(random);
  if (key_ == nullptr || !SetUp(config, random, config_.get())) return false;
  // P-256 and P-384 are the only curves that a key can have here (cmake/mbedtls).
  key_on_p384_ = mbedtls_pk_can_do(key_->get(), MBEDTLS_PK_ECDSA) != 0 &&
                 mbedtls_pk_get_bitlen(key_->get()) == 384;
  if (!key_on_p384_) return true;
  if (!SetUp(config, random, with_sha384_.get())) return false;
  mbedtls_ssl_conf_sig_algs(with_sha384_.get(), tls::SignatureAlgorithmsOfP384());
  return true;
}

bool Engine::SetUp(const Config& config, Random& random, mbedtls_ssl_config* conf) {
  if (tls::ApplyProfile(conf, MBEDTLS_SSL_IS_SERVER, config.allow_ccm8, random) != 0 ||
      mbedtls_ssl_conf_own_cert(conf, identity_->chain(), key_->get()) != 0) {
    return false;
  }
  mbedtls_ssl_conf_dtls_cookies(conf, RefuseToMakeCookie, AcceptCookie, nullptr);
  mbedtls_ssl_conf_session_tickets_cb(conf, WriteTicket, ParseTicket, this);
  static_assert(kApplicationDataMax == 4096, "the code below says so");
  return mbedtls_ssl_conf_max_frag_len(conf, MBEDTLS_SSL_MAX_FRAG_LEN_4096) == 0 &&
         mbedtls_ssl_conf_cid(conf, kConnectionIdBytes, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE) == 0;
}

int Engine::WriteTicket(void* engine, const mbedtls_ssl_session* session, unsigned char* start,
                        const unsigned char* end, size_t* size, uint32_t* lifetime) {
  return static_cast<Engine*>(engine)->tickets_.Write(session, start, end, size, lifetime);
}

int Engine::ParseTicket(void* engine, mbedtls_ssl_session* session, unsigned char* ticket,
                        size_t size) {
  auto& self = *static_cast<Engine*>(engine);
  const int code = self.tickets_.Parse(session, ticket, size);
  self.ticket_accepted_ = code == 0;
  return code;
}

}  // namespace lowband::edge::dtls
