#include "services/edge/fallback/byte_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "libs/base/openssl_handles.h"

namespace lowband::edge::fallback {
namespace {

using Status = IoResult::Status;

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(int fd) : ByteStream(fd) {}
  ~PlainStream() override { close(fd_); }
  PlainStream(const PlainStream&) = delete;
  PlainStream& operator=(const PlainStream&) = delete;

  IoResult Handshake() override { return {Status::kDone, 0}; }

  IoResult Read(std::span<char> into) override {
    const ssize_t got = recv(fd_, into.data(), into.size(), 0);
    if (got > 0) return {Status::kDone, static_cast<size_t>(got)};
    if (got == 0) return {Status::kEnd, 0};
    return {WouldBlock() ? Status::kWantsIn : Status::kFailed, 0};
  }

  IoResult Write(std::string_view bytes) override {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {Status::kDone, static_cast<size_t>(sent)};
    return {WouldBlock() ? Status::kWantsOut : Status::kFailed, 0};
  }

  bool HasBuffered() const override { return false; }
  void EndOutput() override { shutdown(fd_, SHUT_WR); }
  bool PeerSpeaksPlainHttp() const override { return false; }
};

class TlsStream final : public ByteStream {
 public:
  TlsStream(int fd, SSL_CTX* context) : ByteStream(fd), ssl_(SSL_new(context)) {
    if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd) != 1) {
      failed_ = true;
      return;
    }
    SSL_set_accept_state(ssl_.get());
  }
  ~TlsStream() override {
    ssl_.reset();
    close(fd_);
  }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  IoResult Handshake() override {
    return Step([this] { return SSL_do_handshake(ssl_.get()); });
  }

  IoResult Read(std::span<char> into) override {
    const int room = static_cast<int>(std::min<size_t>(into.size(), INT_MAX));
    return Step([&] { return SSL_read(ssl_.get(), into.data(), room); });
  }

  IoResult Write(std::string_view bytes) override {
    if (bytes.empty()) return {Status::kDone, 0};
    const int size = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
    return Step([&] { return SSL_write(ssl_.get(), bytes.data(), size); });
  }

  bool HasBuffered() const override { return SSL_pending(ssl_.get()) > 0; }

  void EndOutput() override {
    // After a failure nothing may be written (SSL_shutdown(3)).
    if (!failed_ && SSL_is_init_finished(ssl_.get()) == 1) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
    }
    shutdown(fd_, SHUT_WR);
  }

  bool PeerSpeaksPlainHttp() const override { return plain_http_; }

 private:
  template <class Call>
  IoResult Step(Call call) {
    if (failed_) return {Status::kFailed, 0};
    // The error queue is per thread: errors of other connections would count as this call's.
    ERR_clear_error();
    const int done = call();
    if (done > 0) return {Status::kDone, static_cast<size_t>(done)};
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: return {Status::kWantsIn, 0};
      case SSL_ERROR_WANT_WRITE: return {Status::kWantsOut, 0};
      case SSL_ERROR_ZERO_RETURN: return {Status::kEnd, 0};
      default: break;
    }
    failed_ = true;
    plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    return {Status::kFailed, 0};
  }

  Ssl ssl_;
  bool failed_ = false;
  bool plain_http_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> MakePlainStream(int fd) { return std::make_unique<PlainStream>(fd); }

std::unique_ptr<ByteStream> MakeTlsStream(int fd, SSL_CTX* context) {
  return std::make_unique<TlsStream>(fd, context);
}

}  // namespace lowband::edge::fallback
