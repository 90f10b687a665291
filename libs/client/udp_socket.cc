#include "libs/client/udp_socket.h"

#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "libs/base/fragmentation.h"

namespace lowband::client {
namespace {

UdpSocket::Status StatusOf(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS) {
    return UdpSocket::Status::kEmpty;
  }
  return error == ECONNREFUSED ? UdpSocket::Status::kRefused : UdpSocket::Status::kFailed;
}

}  // namespace

Result<std::vector<SocketAddress>, std::string> Resolve(const std::string& host, uint16_t port) {
  if (const auto literal = SocketAddress::FromLiteral(host, port)) return std::vector{*literal};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return lowband::Failure("cannot resolve \"" + host + "\": " + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    sockaddr_storage raw{};
    std::memcpy(&raw, one->ai_addr, std::min<size_t>(one->ai_addrlen, sizeof(raw)));
    const SocketAddress address = SocketAddress::FromSockaddr(raw);
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

Result<UdpSocket, std::string> UdpSocket::Open(const SocketAddress& server) {
  const int family = server.is_ipv4() ? AF_INET : AF_INET6;
  UdpSocket opened(socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (opened.fd_ >= 0) AllowFragments(opened.fd_, family);
  sockaddr_storage raw{};
  const socklen_t size = server.ToSockaddr(family, raw);
  if (opened.fd_ < 0 || connect(opened.fd_, reinterpret_cast<const sockaddr*>(&raw), size) != 0) {
    return lowband::Failure("cannot open a socket to " + server.Text() + ": " +
                            std::strerror(errno));
  }
  return opened;
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

UdpSocket::Status UdpSocket::Send(ByteView datagram) {
  if (send(fd_, datagram.data(), datagram.size(), 0) >= 0) return Status::kOk;
  return StatusOf(errno);
}

UdpSocket::Status UdpSocket::Receive(std::span<uint8_t> buffer, ByteView& datagram) {
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0) return StatusOf(errno);
  datagram = ByteView(buffer.data(), static_cast<size_t>(got));
  return Status::kOk;
}

uint16_t UdpSocket::local_port() const {
  sockaddr_storage raw{};
  socklen_t size = sizeof(raw);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return 0;
  return SocketAddress::FromSockaddr(raw).port();
}

}  // namespace lowband::client
