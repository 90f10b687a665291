// A UDP relay that loses, repeats, delays and reorders datagrams, and changes its address towards
// the server as a NAT does. It stands between a real client and a real server.
//
//   client ──▶ port() ──▶ [loss, duplication, delay] ──▶ one upstream port a client ──▶ server
//
// Threading: one thread of its own; every public method is safe from any thread. Ownership: owns
// its sockets. Limits: kClientsMax, kDelayedMax; what passes them is dropped and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "libs/base/address.h"
#include "libs/base/result.h"
#include "libs/base/time.h"

namespace lowband::test {

/// Probabilities from 0 to 1, each datagram drawn on its own, in both directions.
struct RelayFaults {
  double loss = 0;
  double duplicate = 0;
  /// A reordered datagram waits `reorder_delay` longer, so that later ones overtake it.
  double reorder = 0;
  Duration reorder_delay = std::chrono::milliseconds(30);
  /// Every datagram waits for a time drawn evenly from this range.
  Duration delay_min{};
  Duration delay_max{};
};

struct RelayCounters {
  uint64_t received = 0;
  uint64_t forwarded = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t overflowed = 0;  ///< Dropped because a limit of the relay itself was reached.
};

class UdpRelay {
 public:
  static constexpr size_t kClientsMax = 20'000;
  static constexpr size_t kDelayedMax = 100'000;

  /// Listens on a free port of 127.0.0.1. The same seed makes the same draws, though the times at
  /// which datagrams come are the kernel's. The error names what failed.
  static Result<std::unique_ptr<UdpRelay>, std::string> Start(const SocketAddress& server,
                                                              RelayFaults faults, uint64_t seed);
  ~UdpRelay();

  uint16_t port() const;
  void SetFaults(const RelayFaults& faults);
  /// Every client gets a new upstream port; what the server still sends to the old one is lost.
  void Rebind();
  RelayCounters counters() const;

 private:
  class Impl;

 public:
  explicit UdpRelay(std::unique_ptr<Impl> impl);  ///< For Start.

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::test
