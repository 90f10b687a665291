// What the clients of one edge share, and who of them gets it: the ledgers of all workers.
//
// Threading: any. Ownership: made before the workers, and outlives them. Limits: Limits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "services/edge/admission/ledger.h"
#include "services/edge/admission/message_ledgers.h"
#include "services/edge/admission/prefix_limiter.h"
#include "services/edge/admission/request_ledgers.h"
#include "services/edge/admission/stale_alerts.h"

namespace lowband::edge::admission {

/// Of the whole process.
struct Limits {
  /// About 13 KB each.
  size_t sessions = 100'000;
  /// Under way. About 17 KB each; the oldest of the network that has most makes room.
  size_t handshakes = 10'000;
  /// Full handshakes a second, and at once, of one prefix; 0 is no limit. One that resumes a
  /// session counts an eighth. Many phones behind one carrier's address translation may need more.
  size_t handshakes_per_prefix_rate = 20;
  size_t handshakes_per_prefix_burst = 100;
  RequestLimits requests = {};
  MessageLimits messages = {};

  /// Empty, or what is wrong, naming the field ("admission.handshakes …").
  std::string Validate() const;
};

class Admission {
 public:
  explicit Admission(const Limits& limits);

  Ledger sessions;    ///< Open ones.
  Ledger handshakes;  ///< Under way: all of them unproven.
  RequestLedgers requests;
  MessageLedgers messages;
  StaleAlerts stale_alerts;

  /// True, and counted, if a handshake of `peer` may begin that costs so much.
  bool TakeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost);
  /// It costs more than was taken for it.
  void ChargeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost);

 private:
  std::optional<PrefixLimiter> handshake_rate_;  ///< None: no limit.
  std::optional<PrefixLimiter> network_rate_;    ///< The same of whole networks of IPv6.
};

}  // namespace lowband::edge::admission
