#include "libs/tls/record_channel.h"

#include <algorithm>
#include <cstring>

namespace lowband::tls {

int RecordChannel::SetUp(const mbedtls_ssl_config* config, size_t datagram_bytes) {
  if (const int code = mbedtls_ssl_setup(ssl(), config); code != 0) return code;
  mbedtls_ssl_set_bio(ssl(), this, SendBytes, ReceiveBytes, nullptr);
  timer_.Attach(ssl());
  mbedtls_ssl_set_mtu(ssl(), static_cast<uint16_t>(datagram_bytes));
  return 0;
}

int RecordChannel::Handshake() {
  const int code = mbedtls_ssl_handshake(ssl());
  // The limit is for flights: it would also refuse a long message, and messages have their own
  // limits.
  if (code == 0) mbedtls_ssl_set_mtu(ssl(), 0);
  return code;
}

int RecordChannel::Read(std::span<uint8_t> plaintext) {
  return mbedtls_ssl_read(ssl(), plaintext.data(), plaintext.size());
}

int RecordChannel::Write(ByteView data) {
  const int sent = mbedtls_ssl_write(ssl(), data.data(), data.size());
  if (sent < 0) return sent;
  return sent == static_cast<int>(data.size()) ? 0 : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
}

void RecordChannel::CloseNotify() { static_cast<void>(mbedtls_ssl_close_notify(ssl())); }

bool RecordChannel::uses_connection_id() const {
  int enabled = MBEDTLS_SSL_CID_DISABLED;
  // Takes a pointer to non-const, but only reads.
  auto* context = const_cast<mbedtls_ssl_context*>(ssl());
  return mbedtls_ssl_get_peer_cid(context, &enabled, nullptr, nullptr) == 0 &&
         enabled == MBEDTLS_SSL_CID_ENABLED;
}

int RecordChannel::SendBytes(void* channel, const unsigned char* bytes, size_t size) {
  static_cast<RecordChannel*>(channel)->wire_.Transmit({bytes, size});
  return static_cast<int>(size);
}

int RecordChannel::ReceiveBytes(void* channel, unsigned char* out, size_t size) {
  auto& self = *static_cast<RecordChannel*>(channel);
  if (self.input_.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
  // A record longer than mbedTLS's buffer is cut off, and so dropped by it.
  const size_t copied = std::min(size, self.input_.size());
  std::memcpy(out, self.input_.data(), copied);
  self.input_ = {};
  return static_cast<int>(copied);
}

}  // namespace lowband::tls
