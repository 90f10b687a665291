// The known limits of a session's path for datagrams: a path with a small MTU that drops fragments,
// and the ICMP messages about that, silently drops every large datagram.
//
// Threading: a value of its owner's thread. Limits: kBlockSzxMin. Spec: RFC 7252 §4.6.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libs/client/limits.h"
#include "libs/coap/block.h"

namespace lowband::client {

class PathSize {
 public:
  explicit PathSize(uint8_t szx) : szx_(szx) {}

  /// Block size of new requests and of their answers.
  uint8_t szx() const { return szx_; }
  /// A message of this size has arrived at the server, or here.
  void Sent(size_t bytes) { sent_max_ = std::max(sent_max_, bytes); }
  void Received(size_t bytes) { received_max_ = std::max(received_max_, bytes); }
  /// Blocks of this size passed where larger ones had not.
  void Adopt(uint8_t szx) { szx_ = std::min(szx_, szx); }
  /// No message passed for long: the path may have changed.
  void Doubt() { sent_max_ = received_max_ = 0; }

  /// Equally large messages have passed, so that a missing one was lost.
  bool HasSent(size_t bytes) const { return bytes <= sent_max_; }
  bool HasReceivedBlockOf(uint8_t szx) const {
    return coap::Block{0, false, szx}.size() <= received_max_;
  }

 private:
  uint8_t szx_;
  size_t sent_max_ = 0;
  size_t received_max_ = 0;
};

}  // namespace lowband::client
