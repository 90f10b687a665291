// How large a session's messages may be: some paths drop large datagrams without a notice.
//
//   wide ──a large message repeated in vain, of a size never known to have passed──▶ narrow
//     ▲                                                                                │
//     └──the first small message was repeated too: the client was out of reach─────────┘
//
// A narrow session gets small blocks, beginning with the message that was repeated in vain.
//
// Threading: a value. Limits: limits.h. Spec: RFC 7252 §4.6.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "services/edge/message/event.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

class PathWidth {
 public:
  /// The size of blocks, of at most `szx_max`.
  uint8_t szx(uint8_t szx_max) const { return narrow_ ? std::min(szx_max, kSmallSzx) : szx_max; }
  /// The largest message known to have reached the client.
  size_t passed_bytes() const { return passed_bytes_; }

  void Passed(size_t bytes) { passed_bytes_ = std::max(passed_bytes_, bytes); }
  /// The client has another address.
  void Forget() { passed_bytes_ = 0; }
  /// True: it was wide before.
  bool Narrow() { return !std::exchange(narrow_, true); }
  /// The first small message: its fate tells whether its size was the cause.
  void Probe(message::SendId sent) { probe_ = sent; }

  void OnDelivered(const message::Delivered& delivered) {
    Passed(delivered.bytes);
    if (TakeProbe(delivered.id) && delivered.repeats > 0) narrow_ = false;
  }
  void OnUndelivered(message::SendId sent) {
    if (TakeProbe(sent)) narrow_ = false;
  }

 private:
  bool TakeProbe(message::SendId sent) {
    if (probe_ != sent) return false;
    probe_ = {};
    return true;
  }

  bool narrow_ = false;
  message::SendId probe_;  ///< Set until its fate is known.
  size_t passed_bytes_ = 0;
};

}  // namespace lowband::edge::request
