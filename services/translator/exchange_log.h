// What is logged of single requests: each that the homeserver failed to answer, as far as there are
// few; with --log-level debug, every one; and each whose answer could not be sent as it was. The
// request id is the one of the edge's log and, as X-Request-Id, of the homeserver's. Of the request
// itself there is its route, of the answer where a replaced value stood, and nothing else.
//
// Threading: any. Ownership: the logger outlives it. Limits: kFailureLinesPerSecond.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/log.h"
#include "libs/base/request_id.h"
#include "libs/base/request_lines.h"
#include "libs/base/time.h"
#include "libs/transcode/json_mend.h"
#include "services/translator/mapping/http.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator {

/// How one exchange or relayed transfer with the homeserver ended.
struct ExchangeRecord {
  RequestId id;
  mapping::Route route{};
  bool relayed = false;  ///< Plain HTTP; else CoAP.
  Duration took{};
  uint16_t status = 0;  ///< The homeserver's; 0: none.
  std::optional<mapping::UpstreamFault> fault;
};

class ExchangeLog {
 public:
  explicit ExchangeLog(Logger& log) : log_(log), lines_(log), mend_lines_(log) {}

  void Write(const ExchangeRecord& record);
  /// What a client was not sent as it was, by the path of the first such value.
  void WriteMends(const ExchangeRecord& record, const transcode::Mends& mends);

 private:
  Logger& log_;
  RequestLines lines_;
  RequestLines mend_lines_;
};

}  // namespace lowband::translator
