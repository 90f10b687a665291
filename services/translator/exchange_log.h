// The log of single requests: those that the homeserver failed to answer, up to a rate; with
// --log-level debug, every one; and those with replaced values in their answer. The request id is
// that of the edge's log and, as X-Request-Id, of the homeserver's. Of the request a line has only
// the route, of the answer only the place of a replaced value.
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

/// The end of one exchange or relayed transfer with the homeserver.
struct ExchangeRecord {
  RequestId id;
  mapping::Route route{};
  bool relayed = false;  ///< Plain HTTP; otherwise CoAP.
  Duration took{};
  uint16_t status = 0;  ///< The homeserver's; 0: none.
  std::optional<mapping::UpstreamFault> fault;
};

class ExchangeLog {
 public:
  explicit ExchangeLog(Logger& log) : log_(log), lines_(log), mend_lines_(log) {}

  void Write(const ExchangeRecord& record);
  /// Logs the replaced values of an answer, with the path of the first one.
  void WriteMends(const ExchangeRecord& record, const transcode::Mends& mends);

 private:
  Logger& log_;
  RequestLines lines_;
  RequestLines mend_lines_;
};

}  // namespace lowband::translator
