// What the clients of one edge share, and who of them gets it: the ledgers of all workers.
//
// Threading: any. Ownership: made before the workers, and outlives them. Limits: Limits.
#pragma once

#include <cstddef>
#include <string>

#include "services/edge/admission/ledger.h"

namespace lowband::edge::admission {

/// Of the whole process.
struct Limits {
  /// About 13 KB each.
  size_t sessions = 100'000;
  size_t handshakes = 10'000;

  /// Empty, or what is wrong, naming the field ("admission.handshakes …").
  std::string Validate() const;
};

struct Admission {
  explicit Admission(const Limits& limits)
      : sessions(limits.sessions, Yield::kToAll), handshakes(limits.handshakes, Yield::kToProven) {}

  Ledger sessions;    ///< Open ones.
  Ledger handshakes;  ///< Under way: all of them unproven.
};

}  // namespace lowband::edge::admission
