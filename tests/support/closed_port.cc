#include "tests/support/closed_port.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libs/base/address.h"

namespace lowband::client {
namespace {

// Discard (RFC 863): no client of a test sends from there.
constexpr uint16_t kPeerPort = 9;

}  // namespace

ClosedPort::ClosedPort() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_storage raw{};
  socklen_t size = SocketAddress::FromLiteral("127.0.0.1", 0)->ToSockaddr(AF_INET, raw);
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&raw), size), 0);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size);
  port_ = SocketAddress::FromSockaddr(raw).port();
  size = SocketAddress::FromLiteral("127.0.0.1", kPeerPort)->ToSockaddr(AF_INET, raw);
  EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&raw), size), 0);
}

ClosedPort::~ClosedPort() { close(fd_); }

}  // namespace lowband::client
