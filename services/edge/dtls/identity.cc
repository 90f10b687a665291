#include "services/edge/dtls/identity.h"

#include <fcntl.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "libs/tls/error.h"
#include "libs/tls/profile.h"
#include "services/edge/dtls/hmac.h"

namespace lowband::edge::dtls {
namespace {

using File = IdentityError::File;

// A handshake message may fill the engine's outgoing buffer, minus the 12 bytes of its header and
// the 3 bytes of the list's length; each certificate has 3 bytes in front.
constexpr size_t kChainBytesMax = MBEDTLS_SSL_OUT_CONTENT_LEN - 12 - 3;
// Nine numbers of an RSA key, most of them half as long as the longest.
constexpr size_t kKeyDerBytesMax = 8 * MBEDTLS_MPI_MAX_SIZE;

std::string Quoted(const std::string& path) { return "\"" + path + "\""; }

// The whole file with a zero byte behind it, or the error.
Result<std::string, std::string> ReadFile(const std::string& path) {
  const auto problem = [&] { return "cannot read " + Quoted(path) + ": " + std::strerror(errno); };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failure(problem());
  std::string out;
  // Never grown: a growing string would leave copies of a key behind in the heap.
  out.resize(kIdentityFileBytesMax + 1);
  size_t size = 0;
  ssize_t got = 0;
  while (size < out.size() && (got = read(fd, out.data() + size, out.size() - size)) > 0) {
    size += static_cast<size_t>(got);
  }
  const std::string error = got < 0 ? problem() : "";
  close(fd);
  if (!error.empty()) return Failure(error);
  if (size == out.size()) return Failure(Quoted(path) + " is too large for a PEM file");
  if (size == 0) return Failure(Quoted(path) + " is empty");
  out.resize(size + 1);
  return out;
}

void Wipe(std::string& secret) {
  secret.resize(secret.capacity());
  mbedtls_platform_zeroize(secret.data(), secret.size());
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Whether an error means: well formed, but of a kind that is not built in.
bool IsUnsupported(int code) {
  const int module = -(-code & 0xff80);  // Without the low-level error.
  return module == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE || module == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
         module == MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE || module == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
}

constexpr const char* kSupportedKeys =
    " of a kind that is not supported (P-521, Ed25519 and others are not): use ECDSA with P-256, "
    "or P-384, or RSA";

std::string ParseChain(const std::string& path, const std::string& pem, mbedtls_x509_crt* chain) {
  if (!Contains(pem, "-----BEGIN CERTIFICATE-----")) {
    return Quoted(path) + " holds no PEM certificate (no \"-----BEGIN CERTIFICATE-----\" line)";
  }
  const int code =
      mbedtls_x509_crt_parse(chain, reinterpret_cast<const unsigned char*>(pem.data()), pem.size());
  if (code > 0) {
    return Quoted(path) + ": " + std::to_string(code) + " of its certificates cannot be read";
  }
  if (code != 0 && IsUnsupported(code)) {
    return Quoted(path) + " has a certificate with a key or signature" + kSupportedKeys;
  }
  if (code != 0) return Quoted(path) + " cannot be read: " + tls::ErrorText(code);
  size_t bytes = 0;
  for (const mbedtls_x509_crt* one = chain; one != nullptr; one = one->next) {
    bytes += 3 + one->raw.len;
  }
  if (bytes > kChainBytesMax) {
    return Quoted(path) + ": the chain has " + std::to_string(bytes) + " bytes, but only " +
           std::to_string(kChainBytesMax) +
           " fit a handshake; leave out the root, or use ECDSA certificates";
  }
  return "";
}

std::string ParseKey(const std::string& path, const std::string& pem, mbedtls_pk_context* key,
                     Random& random) {
  if (Contains(pem, "ENCRYPTED")) {
    return Quoted(path) + " is encrypted: store the key without a password";
  }
  if (!Contains(pem, "PRIVATE KEY-----")) {
    return Quoted(path) + " holds no PEM private key (no \"-----BEGIN PRIVATE KEY-----\" line)";
  }
  const int code = mbedtls_pk_parse_key(key, reinterpret_cast<const unsigned char*>(pem.data()),
                                        pem.size(), nullptr, 0, tls::FillRandom, &random);
  if (code == 0) return "";
  if (IsUnsupported(code)) return Quoted(path) + " is a key" + kSupportedKeys;
  return Quoted(path) + " cannot be read: " + tls::ErrorText(code);
}

std::string CheckPair(const IdentityFiles& files, const mbedtls_x509_crt* chain,
                      const mbedtls_pk_context* key, Random& random) {
  const auto matches = [&](const mbedtls_x509_crt* one) {
    return mbedtls_pk_check_pair(&one->pk, key, tls::FillRandom, &random) == 0;
  };
  if (matches(chain)) return "";
  for (const mbedtls_x509_crt* one = chain->next; one != nullptr; one = one->next) {
    if (!matches(one)) continue;
    return "the certificate of key " + Quoted(files.key) + " is not the first in " +
           Quoted(files.certificate) + ": put it before the others";
  }
  return "key " + Quoted(files.key) + " does not belong to certificate " +
         Quoted(files.certificate);
}

bool HasIpAddress(const mbedtls_x509_crt* leaf) {
  constexpr int kTagIpAddress = 7;  // RFC 5280 §4.2.1.6: GeneralName ::= … iPAddress [7]
  const mbedtls_x509_sequence* name = &leaf->subject_alt_names;
  for (; name != nullptr && name->buf.p != nullptr; name = name->next) {
    if ((name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == kTagIpAddress) return true;
  }
  return false;
}

/// Signed by an issuer whose certificate is not in the file.
bool IsLeafOnly(const mbedtls_x509_crt* leaf) {
  const mbedtls_x509_buf& issuer = leaf->issuer_raw;
  const mbedtls_x509_buf& subject = leaf->subject_raw;
  return leaf->next == nullptr &&
         (issuer.len != subject.len || std::memcmp(issuer.p, subject.p, issuer.len) != 0);
}

std::vector<std::string> Warnings(const IdentityFiles& files, const mbedtls_x509_crt* leaf) {
  std::vector<std::string> out;
  const std::string path = Quoted(files.certificate);
  if (mbedtls_x509_time_is_past(&leaf->valid_to) != 0) out.push_back(path + " has expired");
  if (mbedtls_x509_time_is_future(&leaf->valid_from) != 0)
    out.push_back(path + " is not valid yet");
  if (!HasIpAddress(leaf)) {
    out.push_back(path +
                  " names no IP address: deployed clients verify the address that they dial, and "
                  "refuse this certificate unless verification is off");
  }
  if (IsLeafOnly(leaf)) {
    out.push_back(path +
                  " holds no intermediate certificate: clients that lack the issuer's certificate "
                  "refuse it; give the whole chain (fullchain.pem of ACME clients)");
  }
  if (mbedtls_pk_get_type(&leaf->pk) != MBEDTLS_PK_RSA) return out;
  if (mbedtls_pk_get_bitlen(&leaf->pk) < 2048) {
    out.push_back(path + " has an RSA key of less than 2,048 bits, which clients refuse");
  }
  mbedtls_md_type_t hash = MBEDTLS_MD_NONE;
  mbedtls_pk_type_t signer = MBEDTLS_PK_NONE;
  if (mbedtls_oid_get_sig_alg(&leaf->sig_oid, &hash, &signer) == 0 && signer != MBEDTLS_PK_RSA) {
    out.push_back(path +
                  " has an RSA key but is not signed with RSA (PKCS #1 v1.5): deployed "
                  "clients cannot use it");
  }
  return out;
}

// RFC 5869 with SHA-256, of the key in DER.
std::optional<ConnectionIdSecret> DeriveConnectionIdSecret(const mbedtls_pk_context* key) {
  std::array<uint8_t, kKeyDerBytesMax> der;
  const int size = mbedtls_pk_write_key_der(key, der.data(), der.size());
  if (size <= 0) return std::nullopt;
  Hmac extract(AsBytes("lowband connection ids"));
  extract.Add(ByteView(der).last(static_cast<size_t>(size)));
  Mac pseudorandom_key = extract.Finish();
  mbedtls_platform_zeroize(der.data(), der.size());
  Hmac expand(pseudorandom_key);
  mbedtls_platform_zeroize(pseudorandom_key.data(), pseudorandom_key.size());
  expand.Add(AsBytes("check bytes"));
  expand.Add(std::array<uint8_t, 1>{1});
  return expand.Finish();
}

}  // namespace

Identity::~Identity() { Wipe(key_pem_); }

Result<std::shared_ptr<const Identity>, IdentityError> Identity::Load(const IdentityFiles& files,
                                                                      Random& random) {
  auto identity = std::make_shared<Identity>();
  const auto pem = ReadFile(files.certificate);
  if (!pem) return Failure(IdentityError{File::kCertificate, pem.error()});
  if (auto problem = ParseChain(files.certificate, *pem, identity->chain()); !problem.empty()) {
    return Failure(IdentityError{File::kCertificate, problem});
  }
  auto key_pem = ReadFile(files.key);
  if (!key_pem) return Failure(IdentityError{File::kKey, key_pem.error()});
  identity->key_pem_ = std::move(*key_pem);
  tls::PrivateKey key;
  if (auto problem = ParseKey(files.key, identity->key_pem_, key.get(), random); !problem.empty()) {
    return Failure(IdentityError{File::kKey, problem});
  }
  if (auto problem = CheckPair(files, identity->chain(), key.get(), random); !problem.empty()) {
    return Failure(IdentityError{File::kKey, problem});
  }
  const auto secret = DeriveConnectionIdSecret(key.get());
  if (!secret)
    return Failure(IdentityError{File::kKey, Quoted(files.key) + " holds a key that is too large"});
  identity->connection_id_secret_ = *secret;
  identity->warnings_ = Warnings(files, identity->chain());
  return identity;
}

std::unique_ptr<tls::PrivateKey> Identity::MakeKey(Random& random) const {
  auto key = std::make_unique<tls::PrivateKey>();
  if (!ParseKey("", key_pem_, key->get(), random).empty()) return nullptr;
  return key;
}

std::chrono::system_clock::time_point Identity::not_after() const {
  const mbedtls_x509_time& end = chain_->valid_to;
  const std::chrono::sys_days day = std::chrono::year(end.year) /
                                    std::chrono::month(static_cast<unsigned>(end.mon)) /
                                    std::chrono::day(static_cast<unsigned>(end.day));
  return day + std::chrono::hours(end.hour) + std::chrono::minutes(end.min) +
         std::chrono::seconds(end.sec);
}

}  // namespace lowband::edge::dtls
