#include "libs/http/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "libs/http/limits.h"
#include "libs/http/request_line.h"
#include "libs/http/text.h"

namespace lowband::http {
namespace {

/// Lines of a head as views of the input: no copies before all of them are there.
struct Lines {
  RequestLine first;
  std::array<FieldView, kFieldsMax> fields;
  size_t field_count = 0;
  size_t size = 0;
};

Refusal Bad(Fault fault, std::string_view text) { return {400, fault, text}; }

Refusal BareLineEnd() { return Bad(Fault::kLineEnd, "lines end in CR LF, and no NUL is in them"); }

size_t Count(const Fields& fields, std::string_view name) {
  return static_cast<size_t>(std::ranges::count_if(
      fields, [&](const Field& field) { return SameToken(field.name, name); }));
}

/// Adds one field line. `line` is complete.
std::optional<Refusal> AddField(Lines& lines, std::string_view line) {
  const auto field = ReadField(line);
  if (!field) return Bad(Fault::kField, field.error());
  if (lines.field_count == kFieldsMax) {
    return Refusal{431, Fault::kHeadTooLarge, "too many field lines"};
  }
  lines.fields[lines.field_count++] = *field;
  return std::nullopt;
}

// Each line is checked first by its text and then by its end, and the checks for the beginning of a
// line also apply to complete lines, in the same order: so a head is refused for one reason,
// however its bytes are split.
Result<std::optional<Lines>, Refusal> ReadLines(std::string_view in) {
  Lines lines;
  if (in.starts_with("\r\n")) lines.size = 2;
  const Line first = ReadLine(in.substr(lines.size));
  if (const auto wrong = WrongSoFar(first.text)) return Failure(*wrong);
  if (first.state == Line::State::kMalformed) return Failure(BareLineEnd());
  if (first.state == Line::State::kCutOff) return std::nullopt;
  const auto parsed = ParseRequestLine(first.text);
  if (!parsed) return Failure(parsed.error());
  lines.first = *parsed;
  lines.size += SizeInInput(first);
  while (true) {
    const Line line = ReadLine(in.substr(lines.size));
    if (IsFolded(line.text)) return Failure(Bad(Fault::kField, "a folded field line"));
    if (line.state == Line::State::kMalformed) return Failure(BareLineEnd());
    if (line.state == Line::State::kCutOff) return std::nullopt;
    lines.size += SizeInInput(line);
    if (line.text.empty()) return lines;
    if (const auto wrong = AddField(lines, line.text)) return Failure(*wrong);
  }
}

/// RFC 9112 §3.2.
std::optional<Refusal> CheckHost(RequestHead& head) {
  const size_t count = Count(head.fields, "Host");
  if (count > 1) return Bad(Fault::kHost, "more than one Host");
  if (count == 0 && head.http10) return std::nullopt;
  if (count == 0) return Bad(Fault::kHost, "no Host");
  const std::string& host = *Find(head.fields, "Host");
  if (host.empty() || IsHostAndPort(host)) return std::nullopt;
  return Bad(Fault::kHost, "an invalid Host");
}

/// The codings of RFC 9112 §12.3 that a peer may really use.
bool IsOtherCoding(std::string_view name) {
  constexpr std::string_view kCodings[] = {"compress", "deflate",    "gzip",
                                           "identity", "x-compress", "x-gzip"};
  return std::ranges::any_of(kCodings, [&](auto coding) { return SameToken(coding, name); });
}

/// RFC 9112 §6.1, without its optional leniency. Values that a tolerant reader takes for "chunked",
/// and a strict one does not, are refused here.
std::optional<Refusal> CheckTransferEncoding(const RequestHead& head) {
  const auto bad = [](std::string_view text) { return Bad(Fault::kTransferEncoding, text); };
  if (head.http10) return bad("Transfer-Encoding in HTTP/1.0");
  if (Count(head.fields, "Transfer-Encoding") > 1) return bad("more than one Transfer-Encoding");
  const std::string& value = *Find(head.fields, "Transfer-Encoding");
  if (SameToken(value, "chunked")) return std::nullopt;
  bool chunked = false;
  bool known = true;
  Elements elements(value);
  while (const auto coding = elements.Next()) {
    // RFC 9112 §6.1, §6.3: chunked comes once, at the end; otherwise the end of the body is
    // undefined.
    if (!IsToken(*coding) || chunked) return bad("a malformed Transfer-Encoding");
    chunked = SameToken(*coding, "chunked");
    known = known && IsOtherCoding(*coding);
  }
  if (!chunked && !known) return bad("an unknown Transfer-Encoding");
  return Refusal{501, Fault::kTransferEncoding, "chunked is the only supported transfer coding"};
}

/// RFC 9112 §6.2 allows equal repetitions, but readers compare them differently.
std::optional<Refusal> ReadContentLength(RequestHead& head) {
  constexpr size_t kDigitsMax = 19;  // all of these fit
  const auto bad = [](std::string_view text) { return Bad(Fault::kContentLength, text); };
  if (Count(head.fields, "Content-Length") > 1) return bad("more than one Content-Length");
  const std::string& value = *Find(head.fields, "Content-Length");
  const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
  if (value.empty() || value.size() > kDigitsMax || !std::ranges::all_of(value, is_digit)) {
    return bad("a Content-Length that is not a number");
  }
  std::from_chars(value.data(), value.data() + value.size(), head.content_length);
  return std::nullopt;
}

/// RFC 9112 §6.3.
std::optional<Refusal> ReadBodyForm(RequestHead& head) {
  const bool coded = Find(head.fields, "Transfer-Encoding") != nullptr;
  const bool sized = Find(head.fields, "Content-Length") != nullptr;
  if (coded && sized) {
    return Bad(Fault::kBothLengths, "Content-Length together with Transfer-Encoding");
  }
  if (!coded && !sized) return std::nullopt;
  head.body = coded ? BodyForm::kChunked : BodyForm::kLength;
  if (const auto wrong = coded ? CheckTransferEncoding(head) : ReadContentLength(head)) {
    return wrong;
  }
  // Servers that do not expect a body here read it as the next request.
  if (head.method == "HEAD" && (coded || head.content_length > 0)) {
    return Bad(coded ? Fault::kTransferEncoding : Fault::kContentLength, "HEAD with a body");
  }
  return std::nullopt;
}

/// RFC 9112 §9.3, RFC 9110 §7.8.
std::optional<Refusal> ReadConnection(RequestHead& head) {
  size_t options = 0;
  for (const Field& field : head.fields) {
    if (SameToken(field.name, "Connection")) options += 1 + std::ranges::count(field.value, ',');
  }
  if (options > kConnectionOptionsMax) {
    return Refusal{431, Fault::kHeadTooLarge, "too many connection options"};
  }
  const auto has = [&](std::string_view option) {
    return HasElement(head.fields, "Connection", option);
  };
  head.keep_alive = !has("close") && (!head.http10 || has("keep-alive"));
  // An upgrade may be ignored. But a WebSocket client needs it, so it gets an error.
  if (!head.http10 && has("upgrade") && HasElement(head.fields, "Upgrade", "websocket")) {
    return Refusal{501, Fault::kUpgrade, "WebSocket is not supported"};
  }
  return std::nullopt;
}

/// RFC 9110 §10.1.1: HTTP/1.0 has no 100 (Continue), and without a body there is nothing to delay.
std::optional<Refusal> ReadExpectation(RequestHead& head) {
  const bool has_body = head.body == BodyForm::kChunked || head.content_length > 0;
  for (const Field& field : head.fields) {
    if (!SameToken(field.name, "Expect")) continue;
    if (!SameToken(field.value, "100-continue")) {
      return Refusal{417, Fault::kExpectation, "100-continue is the only supported expectation"};
    }
    head.expects_continue = has_body && !head.http10;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<RequestHead>, Refusal> ParseRequestHead(std::string_view bytes) {
  const auto lines = ReadLines(bytes.substr(0, kHeadBytesMax));
  if (!lines) return Failure(lines.error());
  if (!*lines && bytes.size() >= kHeadBytesMax) {
    return Failure(Refusal{431, Fault::kHeadTooLarge, "the head is too large"});
  }
  if (!*lines) return std::nullopt;
  RequestHead head;
  head.method = (*lines)->first.method;
  head.target = (*lines)->first.target();
  head.http10 = (*lines)->first.http10;
  head.size = (*lines)->size;
  head.fields.reserve((*lines)->field_count);
  for (const FieldView& field : std::span((*lines)->fields).first((*lines)->field_count)) {
    head.fields.push_back({std::string(field.name), std::string(field.value)});
  }
  for (const auto rule : {CheckHost, ReadBodyForm, ReadConnection, ReadExpectation}) {
    if (const auto wrong = rule(head)) return Failure(*wrong);
  }
  return head;
}

Result<std::optional<RequestHead>, Refusal> RequestHeadReader::Read(std::string_view bytes) {
  const bool line_ended = bytes.find('\n', seen_) != std::string_view::npos;
  seen_ = bytes.size();
  if (!line_ended && bytes.size() < 2 * read_ && bytes.size() < kHeadBytesMax) return std::nullopt;
  read_ = bytes.size();
  return ParseRequestHead(bytes);
}

}  // namespace lowband::http
