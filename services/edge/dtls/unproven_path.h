// The new address of a session, until its client has shown that it can be reached there.
//
//   proven ──newest record from elsewhere──▶ unproven ──answer to a message sent there──▶ proven
//     ▲                                        │   │
//     │     newest record from the old address │   │ kPathProofTime
//     └──────────────── at the old address ◀───┴───┘
//
// Whoever stands between can send a client's record on from any address, so that its answers go
// there. An authentic and newest record is therefore not enough (RFC 9146 §6): until the path is
// proven, no more than kUnprovenFactor times what came from there goes there (RFC 9000 §8.2 and
// RFC 9853 have the same rule). What is over that waits, for most of the time a round trip.
//
// Threading: one worker. Ownership: has what waits. Limits: limits.h.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/bytes.h"

namespace lowband::edge::dtls {

class UnprovenPath {
 public:
  /// `home` is the address that was proven last.
  explicit UnprovenPath(const SocketAddress& home) : home_(home) {}
  const SocketAddress& home() const { return home_; }

  /// An authentic record of `bytes` came; from the new address or not.
  void Received(size_t bytes, bool from_there);
  /// The last record came from the new address.
  bool heard_there() const { return heard_there_; }
  /// A record of `bytes` may go there; then it is counted.
  bool MaySend(size_t bytes);
  /// Keeps `data` until the path is settled; false if there is no room for it.
  bool Hold(ByteView data);
  /// What waited, in its order.
  std::vector<Bytes> TakeHeld() { return std::move(held_); }
  /// The client turned up at yet another address: all is counted anew.
  void Restart();

 private:
  SocketAddress home_;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
  bool heard_there_ = false;
  std::vector<Bytes> held_;
  size_t held_bytes_ = 0;
};

}  // namespace lowband::edge::dtls
