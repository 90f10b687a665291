// Allocates the resources that the clients of one edge share: the ledgers of all workers.
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
  /// Under way. About 17 KB each; the oldest one of the network with the most makes room.
  size_t handshakes = 10'000;
  /// Full handshakes of one prefix, per second and in a burst; 0: no limit. A handshake that
  /// resumes a session counts an eighth. Many phones behind one carrier's NAT may need more.
  size_t handshakes_per_prefix_rate = 20;
  size_t handshakes_per_prefix_burst = 100;
  RequestLimits requests = {};
  MessageLimits messages = {};

  /// Empty, or the error with the field's name ("admission.handshakes …").
  std::string Validate() const;
};

class Admission {
 public:
  explicit Admission(const Limits& limits);

  Ledger sessions;    ///< Open sessions.
  Ledger handshakes;  ///< Handshakes under way; all are unproven.
  RequestLedgers requests;
  MessageLedgers messages;
  StaleAlerts stale_alerts;

  /// True, and counted, if `peer` may begin a handshake of this cost.
  bool TakeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost);
  /// Adds a cost that was not known when the handshake was taken.
  void ChargeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost);

 private:
  std::optional<PrefixLimiter> handshake_rate_;  ///< None: no limit.
  std::optional<PrefixLimiter> network_rate_;    ///< For whole networks of IPv6.
};

}  // namespace lowband::edge::admission
