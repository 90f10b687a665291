// The ledgers for the request layers of all workers.
//
// Threading: any. Ownership: Admission owns them.
#pragma once

#include <array>
#include <cstddef>

#include "services/edge/admission/ledger.h"
#include "services/edge/admission/newest_sessions.h"
#include "services/edge/admission/token_table.h"

namespace lowband::edge::admission {

/// Of the whole process.
struct RequestLimits {
  size_t upload_bytes = size_t{128} << 20;
  size_t small_upload_bytes = size_t{64} << 20;
  size_t download_bytes = size_t{256} << 20;
  size_t small_download_bytes = size_t{64} << 20;
  size_t exchanges = 100'000;
  size_t polls = 200'000;
  size_t waiting = 65'536;
  size_t observations = 100'000;
  TokenTable::Limits tokens = {};
};

/// A client begins, and becomes proven, with small and short requests: for those, all yield.
struct RequestLedgers {
  explicit RequestLedgers(const RequestLimits& limits)
      : uploads(limits.upload_bytes, Yield::kToProven),
        small_uploads(limits.small_upload_bytes, Yield::kToAll),
        downloads(limits.download_bytes, Yield::kToProven),
        small_downloads(limits.small_download_bytes, Yield::kToAll),
        exchanges(limits.exchanges, Yield::kToAll),
        polls(limits.polls, Yield::kToProven),
        waiting(limits.waiting, Yield::kToProven),
        observations(limits.observations, Yield::kToAll),
        tokens(limits.tokens) {}

  Ledger uploads;          ///< Bytes of bodies that come by Block1, until they are answered.
  Ledger small_uploads;    ///< Bytes of bodies that come in one record.
  Ledger downloads;        ///< Bytes of answers that are kept for Block2.
  Ledger small_downloads;  ///< Bytes of small answers that are kept for Block2.
  Ledger exchanges;        ///< Requests at the translators.
  Ledger polls;            ///< Requests at the translators that wait for news, or for long.
  Ledger waiting;          ///< Requests and uploads that wait until others have ended.
  Ledger observations;
  TokenTable tokens;
  NewestSessions newest_sessions;  ///< By access token, and by ticket.
};

inline constexpr std::array kRequestLedgers = {
    NamedLedger<RequestLedgers>{"upload_bytes", &RequestLedgers::uploads},
    NamedLedger<RequestLedgers>{"small_upload_bytes", &RequestLedgers::small_uploads},
    NamedLedger<RequestLedgers>{"download_bytes", &RequestLedgers::downloads},
    NamedLedger<RequestLedgers>{"small_download_bytes", &RequestLedgers::small_downloads},
    NamedLedger<RequestLedgers>{"exchanges", &RequestLedgers::exchanges},
    NamedLedger<RequestLedgers>{"polls", &RequestLedgers::polls},
    NamedLedger<RequestLedgers>{"waiting", &RequestLedgers::waiting},
    NamedLedger<RequestLedgers>{"observations", &RequestLedgers::observations},
};

}  // namespace lowband::edge::admission
