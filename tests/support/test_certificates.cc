#include "tests/support/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

namespace lowband {
namespace {

struct Free {
  void operator()(X509* cert) const { X509_free(cert); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(FILE* file) const { std::fclose(file); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using File = std::unique_ptr<FILE, Free>;

void Extend(X509* cert, int nid, const char* value) {
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  X509_add_ext(cert, extension.get(), -1);
}

}  // namespace

void TestCertificates::Make(const std::string& name, const std::string& issuer) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate cert(X509_new());
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), static_cast<long>(name.size()) + 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  if (issuer.empty()) {
    X509_set_issuer_name(cert.get(), subject);
    Extend(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(cert.get(), key.get(), EVP_sha256());
  } else {
    const File ca_file(std::fopen(Path(issuer + ".pem").c_str(), "r"));
    const File ca_key_file(std::fopen(Path(issuer + ".key").c_str(), "r"));
    const Certificate ca(PEM_read_X509(ca_file.get(), nullptr, nullptr, nullptr));
    const Key ca_key(PEM_read_PrivateKey(ca_key_file.get(), nullptr, nullptr, nullptr));
    X509_set_issuer_name(cert.get(), X509_get_subject_name(ca.get()));
    Extend(cert.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_sign(cert.get(), ca_key.get(), EVP_sha256());
  }
  const File cert_out(std::fopen(Path(name + ".pem").c_str(), "w"));
  const File key_out(std::fopen(Path(name + ".key").c_str(), "w"));
  PEM_write_X509(cert_out.get(), cert.get());
  PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace lowband
