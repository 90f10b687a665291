// The new address of a session, until its client has proven that it can be reached there.
//
//   proven ──newest record from elsewhere──▶ unproven ──answer to a message sent there──▶ proven
//     ▲                                        │   │
//     │     newest record from the old address │   │ kPathProofTime
//     └──────────────── at the old address ◀───┴───┘
//
// An attacker on the path can forward a client's record from any address, so that the answers go
// there. An authentic and newest record is therefore not enough (RFC 9146 §6): until the path is
// proven, we send at most kUnprovenFactor times the bytes received from the new address (as in
// RFC 9000 §8.2 and RFC 9853). Further data waits, usually for one round trip.
//
// Threading: one worker. Ownership: owns the waiting data. Limits: limits.h.
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

  /// An authentic record of `bytes` came, from the new address or another.
  void Received(size_t bytes, bool from_there);
  /// The last record came from the new address.
  bool heard_there() const { return heard_there_; }
  /// True, and counted, if a record of `bytes` may be sent to the new address.
  bool MaySend(size_t bytes);
  /// Keeps `data` until the path is proven or given up; false if there is no room for it.
  bool Hold(ByteView data);
  /// The waiting data, in order.
  std::vector<Bytes> TakeHeld() { return std::move(held_); }
  /// The client has moved to yet another address: all counts begin anew.
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
