#include "tests/support/fallback_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace lowband::edge::fallback::testing {

RawClient::RawClient(uint16_t port, const char* from)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, from, &address.sin_addr);
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  SSL_free(std::exchange(tls_, nullptr));
  SSL_CTX_free(std::exchange(context_, nullptr));
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

bool RawClient::StartTls() {
  context_ = SSL_CTX_new(TLS_client_method());
  tls_ = SSL_new(context_);
  SSL_set_fd(tls_, fd_);
  return SSL_connect(tls_) == 1;
}

void RawClient::PrepareTls() {
  context_ = SSL_CTX_new(TLS_client_method());
  // TLS 1.3 would send tickets behind the handshake, which is over by then.
  SSL_CTX_set_max_proto_version(context_, TLS1_2_VERSION);
  tls_ = SSL_new(context_);
  SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(tls_);
}

std::string RawClient::TakeTls() {
  SSL_do_handshake(tls_);
  BIO* out = SSL_get_wbio(tls_);
  std::string bytes(BIO_ctrl_pending(out), 0);
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool RawClient::FeedTls(std::chrono::milliseconds pause) {
  const auto until = std::chrono::steady_clock::now() + pause;
  std::array<char, 4096> piece{};
  do {
    pollfd one{fd_, POLLIN, 0};
    const auto left = until - std::chrono::steady_clock::now();
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (poll(&one, 1, static_cast<int>(std::max<int64_t>(left_ms, 0))) == 0) break;
    const auto got = recv(fd_, piece.data(), piece.size(), 0);
    if (got <= 0) return false;
    BIO_write(SSL_get_rbio(tls_), piece.data(), static_cast<int>(got));
  } while (std::chrono::steady_clock::now() < until);
  return true;
}

bool RawClient::StartTlsSlowly(size_t piece, std::chrono::milliseconds pause) {
  PrepareTls();
  bool alive = true;
  while (alive) {
    std::string flight = TakeTls();
    if (flight.empty() && SSL_is_init_finished(tls_) == 1) break;
    do {
      const std::string now = flight.substr(0, piece);
      alive = (now.empty() || SendSome(now)) && FeedTls(pause);
      flight.erase(0, now.size());
    } while (alive && !flight.empty());
  }
  // What follows goes the plain way.
  if (alive) SSL_set_fd(tls_, fd_);
  return alive;
}

void RawClient::BeginTls() {
  PrepareTls();
  SendSome(TakeTls().substr(0, 100));
}

std::string RawClient::Certificate() const {
  X509* certificate = SSL_get1_peer_certificate(tls_);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  X509_free(certificate);
  return out;
}

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ != nullptr
                          ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                          : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawClient::SendSome(std::string_view bytes) {
  return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

bool RawClient::ReadSome(std::string& into) {
  std::array<char, 16384> piece{};
  const auto got = tls_ != nullptr ? SSL_read(tls_, piece.data(), piece.size())
                                   : recv(fd_, piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  into.append(piece.data(), static_cast<size_t>(got));
  return true;
}

std::string RawClient::ReadUntil(std::string_view ending) {
  std::string came;
  while (!came.ends_with(ending) && ReadSome(came)) {
  }
  return came;
}

std::string RawClient::ReadAll() {
  std::string came;
  while (ReadSome(came)) {
  }
  return came;
}

Config Rig::Plain() {
  Config config;
  config.tls = false;
  return config;
}

Rig::Rig(Script script, Config config) {
  server_ = std::make_unique<Server>(
      config, std::make_unique<ScriptedChannel>(std::move(script), journal_));
  BindAddress address;
  address.address = *SocketAddress::FromLiteral("127.0.0.1", 0);
  port_ = server_->Bind("--test", address);
  if (!config.tls) server_->Serve();
}

std::string Rig::Talk(std::string_view bytes) {
  RawClient client(port_);
  client.Send(bytes);
  return client.ReadAll();
}

size_t Rig::requests() {
  const MutexLock lock(journal_.mutex);
  return journal_.requests.size();
}
v1::RelayRequest Rig::request(size_t index) {
  const MutexLock lock(journal_.mutex);
  return journal_.requests.at(index);
}
std::string Rig::body(size_t index) {
  const MutexLock lock(journal_.mutex);
  return journal_.bodies.at(index);
}
int Rig::cancelled() {
  const MutexLock lock(journal_.mutex);
  return journal_.cancelled;
}

Script Always(std::string body) {
  return {.on_request = nullptr,
          .on_body = [body = std::move(body)](ScriptedCall& call) { call.Answer(200, body); }};
}

Script Echo() {
  return {.on_request = nullptr,
          .on_body = [](ScriptedCall& call) { call.Answer(200, call.body()); }};
}

}  // namespace lowband::edge::fallback::testing
