#include "services/edge/exchange_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace lowband::edge {
namespace {

int64_t Milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Methods that a client invented are not logged.
std::string_view MethodText(std::string_view method) {
  constexpr std::array<std::string_view, 7> kKnown = {"GET",    "HEAD",  "POST",   "PUT",
                                                      "DELETE", "PATCH", "OPTIONS"};
  return std::ranges::find(kKnown, method) != kKnown.end() ? method : "other";
}

constexpr unsigned kServerErrorClass = 5;
constexpr uint16_t kServerErrors = 500;

/// The fault is at the edge or behind it, not at the client or its link.
bool IsFailure(const uplink::ExchangeRecord& record) {
  return record.failure || record.poll_failed ||
         (record.code && record.code->cls() == kServerErrorClass);
}
bool IsFailure(const fallback::TransferRecord& record) {
  return record.end == fallback::TransferEnd::kNoTranslator ||
         record.end == fallback::TransferEnd::kBroken || record.status >= kServerErrors;
}

std::string_view ReasonText(const uplink::ExchangeRecord& record) {
  if (record.failure) return uplink::AnswerFor(*record.failure).name;
  if (record.poll_failed) return "poll_failed";
  return record.code ? "answered" : "cancelled";
}

}  // namespace

ExchangeLog::ExchangeLog(Logger& log, const PseudonymSalt& salt)
    : log_(log), salt_(salt), lines_(log) {}

uplink::Records ExchangeLog::wanted() const {
  if (log_.enabled(LogLevel::kDebug)) return uplink::Records::kAll;
  return log_.enabled(LogLevel::kWarning) ? uplink::Records::kFailures : uplink::Records::kNone;
}

void ExchangeLog::Write(const uplink::ExchangeRecord& record) {
  const bool failed = IsFailure(record);
  const auto left_out = lines_.Admit(failed);
  if (!left_out) return;
  log_.Write(RequestLines::LevelOf(failed), failed ? "exchange_failed" : "exchange",
             {{"request_id", record.id.Text()},
              {"client", PseudonymText(record.client)},
              {"method", v1::Method_Name(record.method)},
              {"code", record.code ? record.code->Text() : "none"},
              {"reason", ReasonText(record)},
              {"took_ms", Milliseconds(record.took)},
              {"request_bytes", record.request_bytes},
              {"answer_bytes", record.answer_bytes},
              {"resent", record.resent},
              {"left_out", *left_out}});
}

void ExchangeLog::Write(const fallback::TransferRecord& record) {
  const bool failed = IsFailure(record);
  const auto left_out = lines_.Admit(failed);
  if (!left_out) return;
  log_.Write(RequestLines::LevelOf(failed), failed ? "transfer_failed" : "transfer",
             {{"request_id", record.id.Text()},
              {"client", PseudonymText(PseudonymOf(salt_, record.client_address))},
              {"method", MethodText(record.method)},
              {"status", record.status},
              {"reason", fallback::kTransferEndNames[static_cast<size_t>(record.end)]},
              {"took_ms", Milliseconds(record.took)},
              {"answer_bytes", record.answer_bytes},
              {"resent", record.resent},
              {"left_out", *left_out}});
}

}  // namespace lowband::edge
