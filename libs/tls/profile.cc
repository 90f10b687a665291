#include "libs/tls/profile.h"

#include <mbedtls/ssl_ciphersuites.h>

namespace lowband::tls {
namespace {

constexpr int kSuites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

// RFC 7251 defines CCM for ECDHE with ECDSA only.
constexpr int kSuitesWithCcm[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
    0,
};

constexpr uint16_t kGroups[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

// ECDSA first, as in the suites; in TLS 1.2 the names of TLS 1.3 mean (hash, key type).
constexpr uint16_t kSignatureAlgorithms[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_NONE,
};

constexpr uint16_t kSignatureAlgorithmsOfP384[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_NONE,
};

}  // namespace

const int* CipherSuites(bool allow_ccm8) { return allow_ccm8 ? kSuitesWithCcm : kSuites; }
const uint16_t* Groups() { return kGroups; }
const uint16_t* SignatureAlgorithms() { return kSignatureAlgorithms; }
const uint16_t* SignatureAlgorithmsOfP384() { return kSignatureAlgorithmsOfP384; }

int FillRandom(void* context, unsigned char* out, size_t size) {
  static_cast<Random*>(context)->Fill({out, size});
  return 0;
}

int ApplyProfile(mbedtls_ssl_config* config, int endpoint, bool allow_ccm8, Random& random) {
  if (const int code = mbedtls_ssl_config_defaults(config, endpoint, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                                   MBEDTLS_SSL_PRESET_DEFAULT);
      code != 0) {
    return code;
  }
  mbedtls_ssl_conf_rng(config, FillRandom, &random);
  mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_ciphersuites(config, CipherSuites(allow_ccm8));
  if (endpoint == MBEDTLS_SSL_IS_SERVER) {
    // Our order, not the client's: deployed clients prefer CBC suites.
    mbedtls_ssl_conf_preference_order(config, MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_SERVER);
  }
  mbedtls_ssl_conf_groups(config, Groups());
  mbedtls_ssl_conf_sig_algs(config, SignatureAlgorithms());
  mbedtls_ssl_conf_dtls_anti_replay(config, MBEDTLS_SSL_ANTI_REPLAY_ENABLED);
  mbedtls_ssl_conf_dtls_badmac_limit(config, 0);
  const auto first =
      endpoint == MBEDTLS_SSL_IS_SERVER ? kServerFlightWaitMin : kClientFlightWaitMin;
  mbedtls_ssl_conf_handshake_timeout(config, static_cast<uint32_t>(first.count()),
                                     static_cast<uint32_t>(kFlightWaitMax.count()));
  return 0;
}

}  // namespace lowband::tls
