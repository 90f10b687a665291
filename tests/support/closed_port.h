// A UDP port of 127.0.0.1 at which nothing listens for as long as the object lives.
//
// A port that a server had a moment ago may be given to anybody, another test's socket or the
// client's own. This one stays taken: its socket is connected, and the system refuses, by ICMP,
// datagrams to it of all others than its peer (RFC 1122, section 4.1.3.1).
#pragma once

#include <cstdint>

namespace lowband::client {

class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  uint16_t port() const { return port_; }

 private:
  int fd_;
  uint16_t port_ = 0;
};

}  // namespace lowband::client
