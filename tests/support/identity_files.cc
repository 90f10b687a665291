#include "tests/support/identity_files.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "libs/tls/error.h"
#include "libs/tls/handle.h"
#include "libs/tls/profile.h"

namespace lowband::edge::dtls {
namespace {

using CertificateWriter =
    tls::Handle<mbedtls_x509write_cert, mbedtls_x509write_crt_init, mbedtls_x509write_crt_free>;

void Require(int code) {
  if (code < 0) throw std::runtime_error(tls::ErrorText(code));
}

std::unique_ptr<tls::PrivateKey> MakeKey(KeyKind kind, Random& random) {
  auto key = std::make_unique<tls::PrivateKey>();
  if (kind == KeyKind::kRsa2048 || kind == KeyKind::kRsa1024) {
    Require(mbedtls_pk_setup(key->get(), mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)));
    Require(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key->get()), tls::FillRandom, &random,
                                kind == KeyKind::kRsa2048 ? 2048 : 1024, 65537));
    return key;
  }
  Require(mbedtls_pk_setup(key->get(), mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
  Require(mbedtls_ecp_gen_key(
      kind == KeyKind::kP256 ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_SECP384R1,
      mbedtls_pk_ec(*key->get()), tls::FillRandom, &random));
  return key;
}

struct Part {
  const char* subject;
  mbedtls_pk_context* key;
  const char* issuer;
  mbedtls_pk_context* issuer_key;
  bool authority;
};

std::string MakeCertificate(const IdentitySpec& spec, const Part& part, Random& random) {
  CertificateWriter writer;
  mbedtls_x509write_crt_set_version(writer.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(writer.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(writer.get(), part.key);
  mbedtls_x509write_crt_set_issuer_key(writer.get(), part.issuer_key);
  std::array<unsigned char, 8> serial;
  random.Fill(serial);
  serial[0] = 1;
  Require(mbedtls_x509write_crt_set_serial_raw(writer.get(), serial.data(), serial.size()));
  Require(mbedtls_x509write_crt_set_subject_name(writer.get(), part.subject));
  Require(mbedtls_x509write_crt_set_issuer_name(writer.get(), part.issuer));
  Require(mbedtls_x509write_crt_set_validity(writer.get(), spec.not_before.c_str(),
                                             spec.not_after.c_str()));
  Require(mbedtls_x509write_crt_set_basic_constraints(writer.get(), part.authority ? 1 : 0, -1));
  if (part.authority && spec.padding_bytes != 0) {
    const std::string padding(spec.padding_bytes, 'x');
    constexpr char kPrivateOid[] = "\x2b\x06\x01\x04\x01\x83\x9f\x10";
    Require(mbedtls_x509write_crt_set_extension(
        writer.get(), kPrivateOid, sizeof(kPrivateOid) - 1, 0,
        reinterpret_cast<const unsigned char*>(padding.data()), padding.size()));
  }
  std::array<unsigned char, 4> address = {192, 0, 2, 1};
  mbedtls_x509_san_list names{};
  names.node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
  names.node.san.unstructured_name.p = address.data();
  names.node.san.unstructured_name.len = address.size();
  if (!part.authority && spec.ip_address) {
    Require(mbedtls_x509write_crt_set_subject_alternative_name(writer.get(), &names));
  }
  std::string pem(16384, '\0');
  Require(mbedtls_x509write_crt_pem(writer.get(), reinterpret_cast<unsigned char*>(pem.data()),
                                    pem.size(), tls::FillRandom, &random));
  return pem.substr(0, pem.find('\0'));
}

}  // namespace

IdentityFiles WriteIdentity(const TemporaryFolder& folder, Random& random,
                            const IdentitySpec& spec) {
  const auto key = MakeKey(spec.key, random);
  const auto authority_key = spec.self_signed ? nullptr : MakeKey(spec.signed_by_key, random);
  std::string chain =
      MakeCertificate(spec,
                      {"CN=server", key->get(), spec.self_signed ? "CN=server" : "CN=authority",
                       spec.self_signed ? key->get() : authority_key->get(), false},
                      random);
  for (int i = 0; i < spec.authorities; ++i) {
    chain += MakeCertificate(
        spec, {"CN=authority", authority_key->get(), "CN=authority", authority_key->get(), true},
        random);
  }
  std::string key_pem(8192, '\0');
  Require(mbedtls_pk_write_key_pem(key->get(), reinterpret_cast<unsigned char*>(key_pem.data()),
                                   key_pem.size()));
  IdentityFiles files{folder.Path("cert.pem"), folder.Path("key.pem")};
  WriteFile(files.certificate, chain);
  WriteFile(files.key, key_pem.substr(0, key_pem.find('\0')));
  return files;
}

}  // namespace lowband::edge::dtls
