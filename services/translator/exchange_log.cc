#include "services/translator/exchange_log.h"

#include <chrono>

namespace lowband::translator {
namespace {

constexpr uint16_t kServerErrors = 500;

/// The homeserver failed: not a client that disconnected or sends too much, nor this process while
/// it stops.
bool IsFailure(const ExchangeRecord& record) {
  if (!record.fault) return record.status >= kServerErrors;
  return *record.fault != mapping::UpstreamFault::kCancelled &&
         *record.fault != mapping::UpstreamFault::kTooManyPolls &&
         *record.fault != mapping::UpstreamFault::kStopping;
}

}  // namespace

void ExchangeLog::Write(const ExchangeRecord& record) {
  const bool failed = IsFailure(record);
  const auto left_out = lines_.Admit(failed);
  if (!left_out) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(record.took);
  log_.Write(RequestLines::LevelOf(failed), failed ? "exchange_failed" : "exchange",
             {{"request_id", record.id.Text()},
              {"route", Text(record.route)},
              {"from", record.relayed ? "http" : "coap"},
              {"status", record.status},
              {"fault", record.fault ? Text(*record.fault) : "none"},
              {"took_ms", took.count()},
              {"left_out", *left_out}});
}

void ExchangeLog::WriteMends(const ExchangeRecord& record, const transcode::Mends& mends) {
  const auto left_out = mend_lines_.Admit(true);
  if (!left_out) return;
  log_.Write(LogLevel::kWarning, "values_replaced",
             {{"request_id", record.id.Text()},
              {"route", Text(record.route)},
              {"count", mends.Total()},
              {"reason", transcode::Text(mends.first)},
              {"path", mends.first_path},
              {"left_out", *left_out}});
}

}  // namespace lowband::translator
