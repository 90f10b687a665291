// A certificate chain and its key, read from files and checked: the edge's identity.
//
// Threading: constant once loaded, so any thread; MakeKey gives each worker its own key, since
// signing changes a key's context. Ownership: shared by the configurations that use it, so that
// handshakes under way outlive a reload. Limits: kIdentityFileBytesMax; the chain must fit one
// handshake message.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/result.h"
#include "libs/tls/handle.h"
#include "services/edge/dtls/connection_id.h"

namespace lowband::edge::dtls {

/// Paths of PEM files: the server's certificate, followed by the intermediate ones; its key.
struct IdentityFiles {
  std::string certificate;
  std::string key;
};

inline constexpr size_t kIdentityFileBytesMax = 1024 * 1024;

/// `text` is a sentence with the file's name and the error.
struct IdentityError {
  enum class File : uint8_t { kCertificate, kKey };
  File file = File::kCertificate;
  std::string text;
};

class Identity {
 public:
  /// Reads and checks both files. `random` is used only during the call.
  static Result<std::shared_ptr<const Identity>, IdentityError> Load(const IdentityFiles& files,
                                                                     Random& random);
  Identity() = default;
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// For mbedtls_ssl_conf_own_cert, which takes a pointer to non-const but changes nothing.
  mbedtls_x509_crt* chain() const { return chain_.get(); }
  /// A copy of the key for one thread; null only for lack of memory.
  std::unique_ptr<tls::PrivateKey> MakeKey(Random& random) const;

  /// The key's file, for a TLS library other than mbedTLS. Holds the key: never copy it around.
  std::string_view key_pem() const { return {key_pem_.data(), key_pem_.size() - 1}; }

  /// Derived from the key alone, so equal after a restart; does not reveal the key.
  const ConnectionIdSecret& connection_id_secret() const { return connection_id_secret_; }

  /// The expiry of the server's own certificate.
  std::chrono::system_clock::time_point not_after() const;
  /// Problems that do not prevent loading: expired, no IP address in the certificate, no chain, a
  /// weak or unsuitable signature.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  mutable tls::Certificate chain_;
  std::string key_pem_;  // With the zero byte at the end that mbedTLS requires.
  ConnectionIdSecret connection_id_secret_{};
  std::vector<std::string> warnings_;
};

}  // namespace lowband::edge::dtls
