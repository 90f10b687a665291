#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace lowband::translator::testing {
namespace {

constexpr int kNobodyComesMs = 20'000;  // longer than any test waits; ends a forgotten thread

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool WaitReadable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, kNobodyComesMs) == 1;
}

}  // namespace

HttpConnection::HttpConnection(int fd, int number, SSL_CTX* tls) : fd_(fd), number_(number) {
  if (tls == nullptr) return;
  tls_ = SSL_new(tls);
  SSL_set_fd(tls_, fd);
  usable_ = SSL_accept(tls_) == 1;
  if (!usable_) ERR_clear_error();
}

HttpConnection::~HttpConnection() {
  if (tls_ != nullptr) {
    if (usable_) SSL_shutdown(tls_);
    SSL_free(tls_);
  }
}

bool HttpConnection::Fill() {
  std::array<char, 16'384> chunk{};
  const bool pending = tls_ != nullptr && SSL_pending(tls_) > 0;
  if (!usable_ || (!pending && !WaitReadable(fd_))) return false;
  const ssize_t got = tls_ != nullptr ? SSL_read(tls_, chunk.data(), static_cast<int>(chunk.size()))
                                      : recv(fd_, chunk.data(), chunk.size(), 0);
  if (got <= 0) {
    usable_ = false;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<size_t>(got));
  return true;
}

std::optional<RawRequest> HttpConnection::ReadHead() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  RawRequest request;
  size_t line = buffer_.find("\r\n");
  const std::string first = buffer_.substr(0, line);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(request.method.size() + 1);
  request.target = request.target.substr(0, request.target.find(' '));
  while (line < end) {
    const size_t next = buffer_.find("\r\n", line + 2);
    const std::string header = buffer_.substr(line + 2, next - line - 2);
    const size_t colon = header.find(':');
    const size_t value = std::min(header.find_first_not_of(' ', colon + 1), header.size());
    request.headers[Lower(header.substr(0, colon))] = header.substr(value);
    line = next;
  }
  buffer_.erase(0, end + 4);
  return request;
}

std::optional<RawRequest> HttpConnection::Read() {
  auto request = ReadHead();
  if (!request) return std::nullopt;
  const auto length = request->headers.find("content-length");
  const size_t body =
      length == request->headers.end() ? 0 : std::strtoul(length->second.c_str(), nullptr, 10);
  while (buffer_.size() < body) {
    if (!Fill()) return std::nullopt;
  }
  request->body = buffer_.substr(0, body);
  buffer_.erase(0, body);
  return request;
}

std::string HttpConnection::ReadSome() {
  if (buffer_.empty()) Fill();
  return std::exchange(buffer_, {});
}

std::optional<std::string> HttpConnection::ReadChunked() {
  std::string body;
  while (true) {
    size_t line = 0;
    while ((line = buffer_.find("\r\n")) == std::string::npos) {
      if (!Fill()) return std::nullopt;
    }
    const size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
    while (buffer_.size() < line + 2 + size + 2) {
      if (!Fill()) return std::nullopt;
    }
    body.append(buffer_, line + 2, size);
    buffer_.erase(0, line + 2 + size + 2);
    if (size == 0) return body;
  }
}

bool HttpConnection::Send(std::string_view bytes) {
  while (usable_ && !bytes.empty()) {
    const ssize_t sent = tls_ != nullptr
                             ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                             : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) usable_ = false;
    if (usable_) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return usable_;
}

void HttpConnection::WaitForClose() {
  while (Fill()) {
  }
}

void HttpConnection::Reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  usable_ = false;
}

HttpServer::HttpServer(Script script, SSL_CTX* tls) : script_(std::move(script)), tls_(tls) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Require(listen(listener_, 1024) == 0, "listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::scoped_lock lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void HttpServer::Accept() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int number = ++accepted_;
    const std::scoped_lock lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number] {
      // OpenSSL writes without MSG_NOSIGNAL.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      {
        HttpConnection connection(fd, number, tls_);
        script_(connection);
      }
      const std::scoped_lock own(mutex_);
      std::erase(open_, fd);
      close(fd);
    });
  }
}

std::string HttpServer::url(std::string_view host) const {
  return std::string(tls_ != nullptr ? "https://" : "http://") + std::string(host) + ":" +
         std::to_string(port_);
}

std::string Reply(int status, std::string_view body, std::string_view headers) {
  std::string reply = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
  reply.append(headers);
  reply += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return reply.append(body);
}

HttpServer::Script Always(std::string reply) {
  return [reply](HttpConnection& connection) {
    while (connection.Read()) connection.Send(reply);
  };
}

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key MakeKey() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr, "certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate MakeCertificate(EVP_PKEY* key, const char* name, long serial) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

}  // namespace

TestCertificates::TestCertificates(std::string_view host) {
  const Key ca_key = MakeKey();
  const Certificate ca = MakeCertificate(ca_key.get(), "Test authority", 1);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  Extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  Require(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "sign authority");

  const Key key = MakeKey();
  const Certificate certificate = MakeCertificate(key.get(), "Test server", 2);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.get()));
  const bool literal = host.find_first_not_of("0123456789.") == std::string_view::npos;
  Extend(certificate.get(), ca.get(), NID_subject_alt_name,
         std::string(literal ? "IP:" : "DNS:") + std::string(host));
  Require(X509_sign(certificate.get(), ca_key.get(), EVP_sha256()) > 0, "sign certificate");

  server_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(server_, certificate.get());
  SSL_CTX_use_PrivateKey(server_, key.get());

  std::string path = "/tmp/lowband-upstream-test-XXXXXX";
  const int fd = mkstemp(path.data());
  Require(fd >= 0, "mkstemp");
  FILE* file = fdopen(fd, "w");
  PEM_write_X509(file, ca.get());
  (void)fclose(file);
  ca_file_ = path;
}

TestCertificates::~TestCertificates() {
  SSL_CTX_free(server_);
  unlink(ca_file_.c_str());
}

std::string Gzip(std::string_view plain) {
  z_stream stream{};
  Require(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK,
          "deflateInit2");
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace lowband::translator::testing
