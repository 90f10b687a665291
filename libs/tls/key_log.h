// Writes the secrets of sessions for a packet analyser, as for SSLKEYLOGFILE. The file decrypts the
// traffic, so this is a debugging feature that is off by default and causes warnings when on.
//
// Threading: any; each line is one write. Ownership: outlives the contexts it is attached to.
// Spec: the NSS key log format (draft-ietf-tls-keylogfile).
#pragma once

#include <mbedtls/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "libs/base/result.h"

namespace lowband::tls {

class KeyLog {
 public:
  /// Appends to the file at `path`, made with mode 0600 if new. The error names the path.
  static Result<std::unique_ptr<KeyLog>, std::string> Open(const std::string& path);
  /// Takes over `fd`, open for appending.
  explicit KeyLog(int fd) : fd_(fd) {}
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

  /// Writes the secrets of `ssl`'s handshake when they are known. To be called before the
  /// handshake; may be repeated after mbedtls_ssl_session_reset.
  void Attach(mbedtls_ssl_context* ssl);
  /// Appends a line of the format, given without a line end, from another TLS library.
  void Write(std::string_view line);

  /// The callback that Attach() sets; `context` is a KeyLog.
  static void Export(void* context, mbedtls_ssl_key_export_type type, const unsigned char* secret,
                     size_t secret_size, const unsigned char client_random[32],
                     const unsigned char server_random[32], mbedtls_tls_prf_types prf);

 private:
  int fd_;
};

}  // namespace lowband::tls
