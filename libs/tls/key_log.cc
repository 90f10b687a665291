#include "libs/tls/key_log.h"

#include <fcntl.h>
#include <mbedtls/platform_util.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "libs/base/bytes.h"

namespace lowband::tls {

Result<std::unique_ptr<KeyLog>, std::string> KeyLog::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failure("cannot open key log \"" + path + "\": " + std::strerror(errno));
  return std::make_unique<KeyLog>(fd);
}

KeyLog::~KeyLog() { close(fd_); }

void KeyLog::Attach(mbedtls_ssl_context* ssl) {
  mbedtls_ssl_set_export_keys_cb(ssl, &KeyLog::Export, this);
}

void KeyLog::Export(void* context, mbedtls_ssl_key_export_type type, const unsigned char* secret,
                    size_t secret_size, const unsigned char client_random[32],
                    const unsigned char[32], mbedtls_tls_prf_types) {
  if (type != MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET) return;
  std::string line = "CLIENT_RANDOM " + ToHex({client_random, 32}) + " ";
  line += ToHex({secret, secret_size});
  static_cast<KeyLog*>(context)->Write(line);
  mbedtls_platform_zeroize(line.data(), line.size());
}

void KeyLog::Write(std::string_view line) {
  std::string whole(line);
  whole.push_back('\n');
  // One write to an O_APPEND file is atomic among threads and processes. A full disk must not end
  // the handshake, so a failed write is ignored and its line is missing.
  const ssize_t written = write(fd_, whole.data(), whole.size());
  static_cast<void>(written);
  mbedtls_platform_zeroize(whole.data(), whole.size());
}

}  // namespace lowband::tls
