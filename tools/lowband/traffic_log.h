// The traffic of one connection, in two phases: handshake and exchange. Prints each datagram on
// request.
//
// Threading: one thread. Ownership: outlives the session whose trace it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "libs/client/config.h"

namespace lowband::tools {

/// Bytes of IP and UDP headers around each payload.
inline constexpr unsigned kIpv4AndUdpBytes = 28;
inline constexpr unsigned kIpv6AndUdpBytes = 48;
inline unsigned IpUdpBytes(const SocketAddress& address) {
  return address.is_ipv4() ? kIpv4AndUdpBytes : kIpv6AndUdpBytes;
}

struct PhaseTraffic {
  uint64_t datagrams_sent = 0;
  uint64_t datagrams_received = 0;
  uint64_t bytes_sent = 0;  ///< UDP payload.
  uint64_t bytes_received = 0;
  /// Number of times that data came after we had sent some.
  uint64_t round_trips = 0;
  Duration time{};
};

class TrafficLog {
 public:
  /// `print`: a line on standard error for each datagram. `dump`: then a line with its bytes and
  /// one with those of the CoAP message in it, which are not encrypted, in hexadecimal.
  explicit TrafficLog(bool print, bool dump = false) : print_(print), dump_(dump) {}

  void Note(const client::DatagramTrace& trace);
  /// The handshake is over (or there is none), or the exchange before. Counts from zero.
  void BeginExchange(TimePoint now);
  /// The answer is complete; later traffic is not counted.
  void EndExchange(TimePoint now);

  const PhaseTraffic& handshake() const { return handshake_; }
  const PhaseTraffic& exchange() const { return exchange_; }
  /// Two lines for -v. `ip_udp_bytes`: the headers that each datagram has around it.
  std::string Summary(unsigned ip_udp_bytes) const;
  /// One line of JSON: {"handshake": {…}, "exchange": {…}, "milliseconds": …}, the time of the
  /// exchange. Bytes are of UDP payload.
  std::string Json() const;

 private:
  bool print_;
  bool dump_;
  PhaseTraffic handshake_, exchange_, rest_;
  PhaseTraffic* phase_ = &handshake_;
  bool sent_last_ = false;
  std::optional<TimePoint> begin_;
  TimePoint phase_begin_{};
};

}  // namespace lowband::tools
