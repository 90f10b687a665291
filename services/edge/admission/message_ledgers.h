// The ledgers for the message layers of all workers.
//
// Threading: any. Ownership: Admission owns them.
#pragma once

#include <array>
#include <cstddef>

#include "services/edge/admission/ledger.h"

namespace lowband::edge::admission {

/// Of the whole process.
struct MessageLimits {
  size_t confirmables = 200'000;
  size_t answer_bytes = size_t{64} << 20;
};

struct MessageLedgers {
  explicit MessageLedgers(const MessageLimits& limits)
      : confirmables(limits.confirmables, Yield::kToProven),
        answers(limits.answer_bytes, Yield::kToAll) {}

  Ledger confirmables;  ///< Our CONs that wait for their ACK.
  Ledger answers;       ///< Bytes of the answers kept for duplicates.
};

/// With their names in the metrics. Answers are not among them: they are kept as long as there is
/// room, so a full ledger of answers is normal.
inline constexpr std::array kMessageLedgers = {
    NamedLedger<MessageLedgers>{"confirmables", &MessageLedgers::confirmables},
};

}  // namespace lowband::edge::admission
