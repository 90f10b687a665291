// Any bytes as the head of a request: what is accepted leaves a second reader no choice, and is the
// same however it arrives.
#include <algorithm>

#include "libs/http/limits.h"
#include "libs/http/request_head.h"
#include "tests/fuzz/byte_script.h"

namespace {

using namespace lowband;
using fuzz::Check;
using Outcome = Result<std::optional<http::RequestHead>, http::Refusal>;

bool Same(const Outcome& a, const Outcome& b) {
  if (!a || !b) {
    return !a && !b && a.error().status == b.error().status && a.error().fault == b.error().fault &&
           a.error().text == b.error().text;
  }
  if (!*a || !*b) return !*a && !*b;
  return (*a)->method == (*b)->method && (*a)->target == (*b)->target &&
         (*a)->http10 == (*b)->http10 && (*a)->fields == (*b)->fields && (*a)->body == (*b)->body &&
         (*a)->content_length == (*b)->content_length && (*a)->keep_alive == (*b)->keep_alive &&
         (*a)->expects_continue == (*b)->expects_continue;
}

size_t Count(const http::Fields& fields, std::string_view name) {
  return static_cast<size_t>(std::ranges::count_if(
      fields, [&](const http::Field& field) { return http::SameToken(field.name, name); }));
}

/// Nothing in it ends a line or a field early in the eyes of whoever reads it next.
void CheckText(const http::RequestHead& head) {
  Check(http::IsToken(head.method));
  Check(head.target.starts_with('/') && head.target.size() <= http::kTargetBytesMax);
  Check(std::ranges::all_of(head.target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; }));
  Check(head.fields.size() <= http::kFieldsMax);
  for (const http::Field& field : head.fields) {
    Check(http::IsToken(field.name) && http::IsFieldValue(field.value));
  }
}

void CheckFraming(const http::RequestHead& head) {
  const size_t lengths = Count(head.fields, "content-length");
  const size_t codings = Count(head.fields, "transfer-encoding");
  Check(lengths + codings <= 1);
  Check((head.body == http::BodyForm::kLength) == (lengths == 1));
  Check((head.body == http::BodyForm::kChunked) == (codings == 1));
  const size_t hosts = Count(head.fields, "host");
  Check(hosts <= 1 && (hosts == 1 || head.http10));
  if (codings == 1) {
    Check(!head.http10 && head.method != "HEAD");
    Check(http::SameToken(*http::Find(head.fields, "transfer-encoding"), "chunked"));
  }
  if (lengths == 1) {
    std::string_view digits = *http::Find(head.fields, "content-length");
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    Check(digits == std::to_string(head.content_length));
  } else {
    Check(head.content_length == 0);
  }
  Check(head.method != "HEAD" || head.content_length == 0);
  Check(!head.expects_continue || (!head.http10 && head.body != http::BodyForm::kNone));
}

/// The same head as briefly as it can be said.
std::string Write(const http::RequestHead& head) {
  std::string out = head.method + " " + head.target + (head.http10 ? " HTTP/1.0" : " HTTP/1.1");
  for (const http::Field& field : head.fields) {
    out.append("\r\n").append(field.name).append(":").append(field.value);
  }
  return out + "\r\n\r\n";
}

void CheckHopByHop(const http::RequestHead& head) {
  http::Fields fields = head.fields;
  http::RemoveHopByHop(fields);
  Check(Count(fields, "connection") + Count(fields, "transfer-encoding") == 0);
  Check(Count(fields, "upgrade") + Count(fields, "te") + Count(fields, "keep-alive") == 0);
  for (const std::string_view name : {"Host", "Authorization", "Content-Type", "Content-Length"}) {
    Check(Count(fields, name) == Count(head.fields, name));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = http::ParseRequestHead(bytes);
  bool known = false;
  for (size_t part = 0; part < size; part += 1 + size / 64) {
    const Outcome early = http::ParseRequestHead(bytes.substr(0, part));
    const bool not_yet = early && !*early;
    Check(not_yet ? !known : Same(early, whole));
    known = !not_yet;
  }
  if (!whole) {
    Check(whole.error().status >= 400 && !whole.error().text.empty());
    return 0;
  }
  if (!*whole) {
    Check(size < http::kHeadBytesMax);
    return 0;
  }
  const http::RequestHead& head = **whole;
  Check(head.size <= size && head.size <= http::kHeadBytesMax);
  Check(bytes.substr(0, head.size).ends_with("\r\n\r\n"));
  CheckText(head);
  CheckFraming(head);
  CheckHopByHop(head);
  const std::string again = Write(head);
  Check(again.size() <= head.size);
  Check(Same(http::ParseRequestHead(again), whole));
  return 0;
}
