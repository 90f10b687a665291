// Owners of OpenSSL's objects.
//
// Ownership: unique. Threading: one thread at a time.
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace lowband {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeX509 {
  void operator()(X509* cert) const { X509_free(cert); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeX509Store {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using X509Store = std::unique_ptr<X509_STORE, FreeX509Store>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

}  // namespace lowband
