#include "services/translator/upstream/transfer.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "services/translator/upstream/config.h"
#include "services/translator/upstream/easy.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

constexpr const char* kUserAgent = "Lowband";
constexpr size_t kLineEndBytes = 2;

/// Empty if there is none.
std::string Header(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  return header->value;
}

/// By the homeserver's own clock (RFC 9111 §4.2.1).
std::optional<uint32_t> Lifetime(const std::string& date, const std::string& expires) {
  if (date.empty() || expires.empty()) return std::nullopt;
  const time_t from = curl_getdate(date.c_str(), nullptr);
  const time_t to = curl_getdate(expires.c_str(), nullptr);
  if (from == -1 || to == -1) return std::nullopt;
  return static_cast<uint32_t>(std::clamp<time_t>(to - from, 0, UINT32_MAX));
}

}  // namespace

CurlEasy MakeExchangeEasy(const UpstreamConfig& config, const Homeserver& homeserver) {
  CurlEasy owned = MakeEasy(config);
  CURL* easy = owned.get();
  if (easy == nullptr) return owned;
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  // Over TLS it is worth waiting for a connection that may carry many exchanges.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, homeserver.tls ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBufferBytes);
  return owned;
}

Transfer::Transfer(CurlEasy easy, uint64_t id, mapping::HttpRequest request, TimePoint submitted,
                   const UpstreamConfig& config, const Homeserver& homeserver,
                   UpstreamCounters& counters)
    : easy_(std::move(easy)),
      id_(id),
      request_(std::move(request)),
      submitted_(submitted),
      config_(config),
      homeserver_(homeserver),
      counters_(counters) {}

Transfer::~Transfer() { ResetAnswer(); }

void Transfer::Prepare(TimePoint now) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  SetHeaders(true);
  SetBody();
  SetUrl(homeserver_.base + request_.target, now);
}

bool Transfer::PrepareRedirect(CURLcode code, TimePoint now) {
  if (code != CURLE_OK || !request_.follow_redirects ||
      request_.method != mapping::HttpMethod::kGet) {
    return false;
  }
  char* raw = nullptr;
  // Set for a 3xx with a Location only, and absolute.
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &raw);
  if (raw == nullptr || redirects_ == kRedirectsMax || now >= deadline()) return false;
  const std::string url(raw);
  if (!RedirectIsAllowed(homeserver_, url)) return false;
  ++redirects_;
  counters_.redirects_followed.fetch_add(1, std::memory_order_relaxed);
  ResetAnswer();
  // The request was for a public document; its new location need not see the client's identity, and
  // has its own name.
  SetHeaders(false);
  SetUrl(url, now);
  return true;
}

void Transfer::SetUrl(const std::string& url, TimePoint now) {
  curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_.get(), CURLOPT_TIMEOUT_MS, ToCurlMilliseconds(deadline() - now));
}

void Transfer::SetHeaders(bool first) {
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    // On exhausted memory the old list stays valid and the header is missing.
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  };
  add("Accept: application/json");
  if (first && !request_.authorization.empty()) {
    add("Authorization: " + request_.authorization);
  }
  gateway_bytes_ = 0;
  const auto add_own = [&](const std::string& line) {
    add(line);
    gateway_bytes_ += line.size() + kLineEndBytes;
  };
  if (first && !config_.name.host.empty()) add("Host: " + config_.name.host);
  if (!config_.name.proto.empty()) add_own("X-Forwarded-Proto: " + config_.name.proto);
  if (!request_.forwarded_for.empty()) add_own("X-Forwarded-For: " + request_.forwarded_for);
  if (!request_.request_id.empty()) add_own("X-Request-Id: " + request_.request_id.Text());
  if (!request_.trace_parent.empty()) add_own("traceparent: " + request_.trace_parent);
  if (request_.method != mapping::HttpMethod::kGet) {
    // Without a value libcurl omits the header; otherwise it would add a form's type and would wait
    // for "100 Continue".
    add(request_.content_type.empty() ? "Content-Type:" : "Content-Type: " + request_.content_type);
    add("Expect:");
  }
  if (first && !request_.if_match.empty()) add("If-Match: " + request_.if_match);
  headers_.reset(list);
  const bool named = !request_.user_agent.empty();
  curl_easy_setopt(easy_.get(), CURLOPT_USERAGENT,
                   named ? request_.user_agent.c_str() : kUserAgent);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
}

void Transfer::SetBody() {
  CURL* easy = easy_.get();
  const auto size = static_cast<curl_off_t>(request_.body.size());
  const bool once = kind() == CurlPoll::Kind::kOnce;
  const bool has_body = request_.method == mapping::HttpMethod::kPut || once ||
                        (size > 0 && request_.method != mapping::HttpMethod::kGet);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, once && size == 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                   ToCurlSeconds(once ? kIdleConnectionOnce : kIdleConnection));
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
  }
  if (once && size > 0) {
    read_offset_ = 0;
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::OnRead);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Transfer::OnSeek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  } else if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (request_.method == mapping::HttpMethod::kPut)
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  if (request_.method == mapping::HttpMethod::kDelete) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
  }
}

void Transfer::ResetAnswer() {
  counters_.held_body_bytes.fetch_sub(body_.size(), std::memory_order_relaxed);
  body_ = {};
  header_bytes_ = 0;
  head_complete_ = false;
  abort_ = Abort::kNone;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  transfer.header_bytes_ += line.size();
  // Each head, those of 1xx included, begins with its status line; trailers come after the last.
  if (line.starts_with("HTTP/")) transfer.head_complete_ = false;
  if (line == "\r\n" || line == "\n") transfer.head_complete_ = true;
  if (transfer.header_bytes_ > kResponseHeaderBytesMax) {
    transfer.abort_ = Abort::kTooLarge;
    return 0;
  }
  return line.size();
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  if (bytes > transfer.config_.response_body_bytes_max - transfer.body_.size()) {
    transfer.abort_ = Abort::kTooLarge;
    return 0;
  }
  auto& held = transfer.counters_.held_body_bytes;
  if (held.fetch_add(bytes, std::memory_order_relaxed) + bytes > kHeldBodiesBytesMax) {
    held.fetch_sub(bytes, std::memory_order_relaxed);
    transfer.abort_ = Abort::kOverload;
    return 0;
  }
  transfer.body_.append(data, bytes);
  return bytes;
}

size_t Transfer::OnRead(char* out, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view rest =
      std::string_view(transfer.request_.body).substr(transfer.read_offset_);
  // libcurl has the length and stops by itself: another call would be the start of a resend.
  if (rest.empty()) return CURL_READFUNC_ABORT;
  const size_t bytes = std::min(size * count, rest.size());
  std::memcpy(out, rest.data(), bytes);
  transfer.read_offset_ += bytes;
  return bytes;
}

int Transfer::OnSeek(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

Result<mapping::HttpResponse, mapping::UpstreamFault> Transfer::Finish(CURLcode code,
                                                                       TimePoint now) {
  const auto relaxed = std::memory_order_relaxed;
  CURL* easy = easy_.get();
  counters_.connections_opened.fetch_add(
      static_cast<uint64_t>(InfoLong(easy, CURLINFO_NUM_CONNECTS)), relaxed);
  mapping::HttpResponse response = TakeResponse();
  counters_.bytes_sent.fetch_add(response.wire_bytes_sent, relaxed);
  counters_.bytes_received.fetch_add(response.wire_bytes_received, relaxed);
  if (code != CURLE_OK) return Failure(FaultFor(code));
  // libcurl treats a connection that ends within the headers as an answer without a body.
  if (!head_complete_) return Failure(mapping::UpstreamFault::kBroken);
  const unsigned hundreds = response.status / 100;
  counters_.answers[hundreds < counters_.answers.size() ? hundreds : 0].fetch_add(1, relaxed);
  counters_.duration.Add(now - submitted_);
  return response;
}

mapping::HttpResponse Transfer::TakeResponse() {
  CURL* easy = easy_.get();
  mapping::HttpResponse response;
  response.status = static_cast<uint16_t>(InfoLong(easy, CURLINFO_RESPONSE_CODE));
  counters_.held_body_bytes.fetch_sub(body_.size(), std::memory_order_relaxed);
  response.body = std::move(body_);
  body_ = {};
  const char* type = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != nullptr) {
    response.content_type = type;
  }
  response.location = Header(easy, "Location");
  response.entity_tag = Header(easy, "ETag");
  response.expires_after_s = Lifetime(Header(easy, "Date"), Header(easy, "Expires"));
  const int64_t retry_after_s = Info(easy, CURLINFO_RETRY_AFTER);
  if (retry_after_s > 0) {
    response.retry_after_s = static_cast<uint32_t>(
        std::min<int64_t>(retry_after_s, std::numeric_limits<uint32_t>::max()));
  }
  response.wire_bytes_received = static_cast<uint64_t>(Info(easy, CURLINFO_SIZE_DOWNLOAD_T)) +
                                 static_cast<uint64_t>(InfoLong(easy, CURLINFO_HEADER_SIZE));
  // The size of the request's head includes a body that libcurl put into the same write.
  const auto head = static_cast<uint64_t>(InfoLong(easy, CURLINFO_REQUEST_SIZE));
  const auto body = static_cast<uint64_t>(Info(easy, CURLINFO_SIZE_UPLOAD_T));
  const bool together = request_.method != mapping::HttpMethod::kPost && body < head &&
                        InfoLong(easy, CURLINFO_HTTP_VERSION) < CURL_HTTP_VERSION_2_0;
  response.wire_bytes_sent = together ? head : head + body;
  response.gateway_bytes_sent = std::min(gateway_bytes_, response.wire_bytes_sent);
  return response;
}

CurlEasy Transfer::ReleaseEasy() {
  // Options that point into this object must not outlive it; Prepare sets all others anew.
  curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_PRIVATE, nullptr);
  return std::move(easy_);
}

mapping::UpstreamFault Transfer::FaultFor(CURLcode code) const {
  switch (abort_) {
    case Abort::kNone: break;
    case Abort::kTooLarge: return mapping::UpstreamFault::kTooLarge;
    case Abort::kOverload: return mapping::UpstreamFault::kOverload;
  }
  return FaultOf(easy_.get(), code);
}

std::string Transfer::FailureText(CURLcode code) const {
  return error_[0] != '\0' ? error_ : curl_easy_strerror(code);
}

}  // namespace lowband::translator::upstream
