#include "tools/demo_homeserver/tls_terminator.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace lowband::demo {
namespace {

constexpr int kSegment = 1400;  // bytes of TCP payload on most paths of the internet
constexpr auto kGather = std::chrono::milliseconds(2);

void Prepare(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &kSegment, sizeof(kSegment));
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

std::unique_ptr<Socket> ConnectTcp(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    throw std::runtime_error("cannot resolve " + host);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    auto connection = std::make_unique<Socket>(socket(each->ai_family, SOCK_STREAM, 0));
    Prepare(connection->fd());
    if (connect(connection->fd(), each->ai_addr, each->ai_addrlen) == 0) return connection;
  }
  throw std::runtime_error("cannot connect to " + host + ":" + port);
}

TlsTerminator::TlsTerminator(const std::string& cert, const std::string& key,
                             std::string upstream_host, std::string upstream_port)
    : context_(SSL_CTX_new(TLS_server_method())),
      upstream_host_(std::move(upstream_host)),
      upstream_port_(std::move(upstream_port)) {
  if (SSL_CTX_use_certificate_chain_file(context_.get(), cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("cannot use the certificate " + cert + " with the key " + key);
  }
  listener_ = std::make_unique<Socket>(socket(AF_INET, SOCK_STREAM, 0));
  Prepare(listener_->fd());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_->fd(), raw, size) != 0 || listen(listener_->fd(), 1) != 0 ||
      getsockname(listener_->fd(), raw, &size) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

TlsTerminator::~TlsTerminator() {
  shutdown(listener_->fd(), SHUT_RDWR);  // ends a waiting accept()
  thread_.join();
}

void TlsTerminator::Serve() {
  const Socket client(accept(listener_->fd(), nullptr, nullptr));
  if (client.fd() < 0) return;
  try {
    const auto upstream = ConnectTcp(upstream_host_, upstream_port_);
    const Ssl ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), client.fd());
    if (SSL_accept(ssl.get()) == 1) Relay(ssl.get(), client.fd(), upstream->fd());
  } catch (const std::runtime_error&) {
    // The client sees the connection close, and reports it.
  }
}

void TlsTerminator::Relay(SSL* ssl, int client, int upstream) {
  std::array<char, 16384> buffer;
  std::array<pollfd, 2> watched = {{{client, POLLIN, 0}, {upstream, POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) > 0) {
    if (watched[0].revents != 0) {
      const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (got <= 0) return;
      if (send(upstream, buffer.data(), static_cast<size_t>(got), MSG_NOSIGNAL) != got) return;
    }
    if (watched[1].revents != 0) {
      // Head and body come apart from some homeservers; a proxy that buffers sends them together.
      std::this_thread::sleep_for(kGather);
      const ssize_t got = recv(upstream, buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      if (SSL_write(ssl, buffer.data(), static_cast<int>(got)) <= 0) return;
    }
  }
}

}  // namespace lowband::demo
