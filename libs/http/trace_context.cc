#include "libs/http/trace_context.h"

#include <algorithm>
#include <array>

namespace lowband::http {
namespace {

constexpr std::string_view kTraceParent = "traceparent";
constexpr std::string_view kTraceState = "tracestate";

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr size_t kVersionSize = 2;
constexpr size_t kTraceIdAt = 3;
constexpr size_t kTraceIdSize = 2 * RequestId::kSize;
constexpr size_t kParentIdAt = 36;
constexpr size_t kParentIdSize = 16;
constexpr size_t kFlagsAt = 53;
constexpr size_t kSize = 55;

std::optional<uint8_t> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<uint8_t>(digit - 'a' + 10);
  return std::nullopt;
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char digit) { return HexDigit(digit).has_value(); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool IsWellFormed(std::string_view text) {
  if (text.size() < kSize) return false;
  const std::string_view version = text.substr(0, kVersionSize);
  if (!IsHex(version) || version == "ff") return false;
  // A later version may have more after another dash.
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return false;
  const std::string_view parent = text.substr(kParentIdAt, kParentIdSize);
  return text[kTraceIdAt - 1] == '-' && text[kParentIdAt - 1] == '-' && text[kFlagsAt - 1] == '-' &&
         IsHex(text.substr(kTraceIdAt, kTraceIdSize)) && IsHex(parent) && !IsZero(parent) &&
         IsHex(text.substr(kFlagsAt, kSize - kFlagsAt));
}

}  // namespace

std::optional<RequestId> TraceIdOf(std::string_view traceparent) {
  if (!IsWellFormed(traceparent)) return std::nullopt;
  std::array<uint8_t, RequestId::kSize> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto high = HexDigit(traceparent[kTraceIdAt + 2 * i]);
    const auto low = HexDigit(traceparent[kTraceIdAt + 2 * i + 1]);
    bytes[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return ReadRequestId(bytes);
}

std::optional<RequestId> TraceIn(const Fields& fields) {
  const auto count = std::ranges::count_if(
      fields, [](const Field& field) { return SameToken(field.name, kTraceParent); });
  return count == 1 ? TraceIdOf(*Find(fields, kTraceParent)) : std::nullopt;
}

std::optional<RequestId> TakeTrace(Fields& fields) {
  const auto id = TraceIn(fields);
  if (!id) {
    Remove(fields, kTraceParent);
    Remove(fields, kTraceState);
  }
  return id;
}

std::string MakeTraceParent(const RequestId& id, bool sampled) {
  const std::string trace = id.Text();
  // We have no span that the parent-id could name. But it must be valid, and not zero.
  std::string parent = trace.substr(0, kParentIdSize);
  if (IsZero(parent)) parent.back() = '1';
  return "00-" + trace + "-" + parent + (sampled ? "-01" : "-00");
}

bool IsSampled(const RequestId& id, uint64_t one_in) {
  // The last 7 bytes are random, also in ids made by others (§3.2.2.3 of level 2).
  constexpr size_t kRandomBytes = 7;
  uint64_t value = 0;
  for (size_t i = RequestId::kSize - kRandomBytes; i < RequestId::kSize; ++i) {
    value = value << 8 | id.bytes[i];
  }
  return value < (uint64_t{1} << (8 * kRandomBytes)) / one_in;
}

}  // namespace lowband::http
