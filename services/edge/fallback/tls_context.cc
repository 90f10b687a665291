#include "services/edge/fallback/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "libs/base/openssl_handles.h"

namespace lowband::edge::fallback {
namespace {

constexpr std::string_view kHttp11 = "\x08http/1.1";

std::string Problem(std::string_view what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  return std::string(what) + " cannot be used for HTTPS: " + reason.data();
}

Certificate ToOpenSsl(const mbedtls_x509_crt& one) {
  const unsigned char* der = one.raw.p;
  return Certificate(d2i_X509(nullptr, &der, static_cast<long>(one.raw.len)));
}

bool UseChain(SSL_CTX* context, const mbedtls_x509_crt* chain) {
  const Certificate own = ToOpenSsl(*chain);
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
  for (const mbedtls_x509_crt* one = chain->next; one != nullptr; one = one->next) {
    const Certificate above = ToOpenSsl(*one);
    if (above == nullptr || SSL_CTX_add1_chain_cert(context, above.get()) != 1) return false;
  }
  return true;
}

bool UseKey(SSL_CTX* context, std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  return key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned offered_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, out_size, ours, kHttp11.size(), offered, offered_size);
  // A client that offers only other protocols may still speak HTTP/1.1.
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

void WriteKeyLog(const SSL* ssl, const char* line) {
  auto* log = static_cast<tls::KeyLog*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  log->Write(line);
}

}  // namespace

Result<TlsContext, std::string> MakeTlsContext(const dtls::Identity& identity,
                                               tls::KeyLog* key_log) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()), [](SSL_CTX* raw) { SSL_CTX_free(raw); });
  SSL_CTX* raw = context.get();
  if (raw == nullptr) return Failure(Problem("the certificate"));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // There are many idle connections: their record buffers, 34 KiB each, are freed between records.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(raw, SelectProtocol, nullptr);
  if (!UseChain(raw, identity.chain())) return Failure(Problem("the certificate"));
  if (!UseKey(raw, identity.key_pem())) return Failure(Problem("the private key"));
  if (key_log != nullptr) {
    SSL_CTX_set_app_data(raw, key_log);
    SSL_CTX_set_keylog_callback(raw, WriteKeyLog);
  }
  return context;
}

}  // namespace lowband::edge::fallback
