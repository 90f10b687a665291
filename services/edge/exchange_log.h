// The log of single requests: failed ones, up to a rate; with --log-level debug, all of them. The
// request id is the same in the translator's log and, as X-Request-Id, at the homeserver. Of the
// request itself, only the method is logged.
//
// Threading: any. Ownership: the logger outlives it. Limits: kFailureLinesPerSecond.
#pragma once

#include "libs/base/log.h"
#include "libs/base/pseudonym.h"
#include "libs/base/request_lines.h"
#include "services/edge/fallback/transfer_record.h"
#include "services/edge/uplink/exchange_record.h"

namespace lowband::edge {

class ExchangeLog {
 public:
  /// `salt` makes the clients' pseudonyms; the records of exchanges have theirs already.
  ExchangeLog(Logger& log, const PseudonymSalt& salt);

  /// The records that would be logged.
  uplink::Records wanted() const;
  void Write(const uplink::ExchangeRecord& record);
  void Write(const fallback::TransferRecord& record);

 private:
  Logger& log_;
  const PseudonymSalt salt_;
  RequestLines lines_;
};

}  // namespace lowband::edge
