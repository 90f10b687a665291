#include "services/translator/upstream/relay_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "libs/http/method.h"
#include "services/translator/upstream/easy.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";

void Add(std::atomic<uint64_t>& counter, uint64_t by) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

/// RFC 9110 §8.6: with these methods a server expects a Content-Length even without a body.
bool AnticipatesBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// Clients must follow redirects at the gateway.
mapping::RelayAnswer PublicAnswer(const Homeserver& homeserver, mapping::RelayAnswer answer) {
  for (http::Field& field : answer.fields) {
    if (http::SameToken(field.name, "Location")) {
      field.value = WithoutPrefix(homeserver, std::move(field.value));
    }
  }
  return answer;
}

}  // namespace

RelayTransfer::RelayTransfer(uint64_t id, mapping::RelayHead head,
                             std::shared_ptr<RelayEvents> events, CurlEasy easy, Context& context)
    : id_(id),
      head_(std::move(head)),
      events_(std::move(events)),
      easy_(std::move(easy)),
      context_(context),
      started_(context.now),
      moved_(context.now) {}

void RelayTransfer::Prepare() {
  CURL* easy = easy_.get();
  // HTTP/1.1, as MakeEasy sets it: a paused HTTP/2 stream continues to receive into libcurl's
  // window of 32 MB, which would hold much of a body here instead of at the homeserver.
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kRelayReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kRelaySendBufferBytes);
  SetCallbacks();
  SetMethod();
  SetHeaders();
  curl_easy_setopt(easy, CURLOPT_URL, (context_.homeserver.base + head_.target).c_str());
  // A client that waits for "100 Continue" sends no body before; all others are asked for it at
  // once.
  if (head_.has_body && !head_.expects_continue) WantBody();
}

void RelayTransfer::SetCallbacks() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &RelayTransfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &RelayTransfer::OnWrite);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &RelayTransfer::OnRead);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &RelayTransfer::OnSeek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &RelayTransfer::OnSocket);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &RelayTransfer::OnAttempt);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
}

CurlPoll::Kind RelayTransfer::kind() const {
  const bool nothing_to_send = !head_.has_body || head_.content_length == 0;
  return nothing_to_send && http::IsSafe(head_.method) ? CurlPoll::Kind::kRepeatable
                                                       : CurlPoll::Kind::kOnce;
}

void RelayTransfer::SetMethod() {
  CURL* easy = easy_.get();
  const bool nothing_to_send = !head_.has_body || head_.content_length == 0;
  const bool repeatable = kind() == CurlPoll::Kind::kRepeatable;
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                   ToCurlSeconds(repeatable ? kIdleConnection : kIdleConnectionOnce));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, nothing_to_send && !repeatable ? 1L : 0L);
  if (head_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!nothing_to_send) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    // -1: chunked
    const auto length =
        head_.content_length ? static_cast<curl_off_t>(*head_.content_length) : curl_off_t{-1};
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, length);
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, head_.method.c_str());
}

void RelayTransfer::SetHeaders() {
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    // On exhausted memory the old list stays valid and the header is missing.
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  };
  const PublicName& name = context_.config.name;
  if (!name.host.empty()) add("Host: " + name.host);
  // TLS may end in front of the edge; then the proxy's field shows that the client used https.
  const std::string* proto = http::Find(head_.fields, kForwardedProto);
  const bool by_name = !name.proto.empty() && (proto == nullptr || *proto != "https");
  if (by_name) add(std::string(kForwardedProto) + ": " + name.proto);
  for (const http::Field& field : head_.fields) {
    if (by_name && http::SameToken(field.name, kForwardedProto)) continue;
    // For libcurl a semicolon marks a header without a value.
    add(field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
  }
  // Without a value libcurl adds no field of its own.
  if (http::Find(head_.fields, "Accept") == nullptr) add("Accept:");
  // An empty one first: libcurl then neither adds one nor acts on the client's. After a 417 it
  // would drop the answer and send the request again.
  add("Expect:");
  if (head_.expects_continue) add("Expect: 100-continue");
  const bool empty = head_.content_length == 0;
  if (head_.has_body ? empty : AnticipatesBody(head_.method)) add("Content-Length: 0");
  headers_.reset(list);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
}

void RelayTransfer::WantBody() {
  if (wanted_ || input_ended_ || sent_all_) return;
  wanted_ = true;
  events_->OnBodyWanted();
}

void RelayTransfer::Body(std::string piece) {
  wanted_ = false;
  input_ = std::move(piece);
  input_offset_ = 0;
  Resume();
}

void RelayTransfer::BodyEnd() {
  input_ended_ = true;
  Resume();
}

void RelayTransfer::Taken() {
  output_on_its_way_ = false;
  Flush();
  Resume();
}

void RelayTransfer::Resume() {
  if (finished_) return;
  const bool can_send =
      input_offset_ < input_.size() || input_ended_ || (may_proceed_ && !proceed_told_);
  const bool receive = receive_paused_ && !output_on_its_way_;
  const bool send = send_paused_ && (can_send || BodyIsRefused());
  if (!receive && !send) return;
  moved_ = context_.now;
  if (receive) receive_paused_ = false;
  if (send) send_paused_ = false;
  // Calls OnWrite with libcurl's buffered data; that may pause it again.
  curl_easy_pause(easy_.get(),
                  (receive_paused_ ? CURLPAUSE_RECV : 0) | (send_paused_ ? CURLPAUSE_SEND : 0));
}

void RelayTransfer::Flush() {
  if (over_ || output_on_its_way_) return;
  if (!output_.empty()) {
    output_on_its_way_ = true;
    events_->OnData(std::exchange(output_, {}));
  }
  if (finished_) {
    over_ = true;
    events_->OnEnd();
  }
}

size_t RelayTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<RelayTransfer*>(self);
  transfer.moved_ = transfer.context_.now;
  if (!transfer.parser_.Add({data, size * count})) {
    transfer.aborted_too_large_ = true;
    return 0;
  }
  if (transfer.parser_.complete() && !transfer.head_told_) transfer.TakeHead();
  if (transfer.parser_.answer().status == 100) transfer.MayProceed();
  return size * count;
}

void RelayTransfer::MayProceed() {
  may_proceed_ = true;
  expect_until_.reset();
  Touch();
}

bool RelayTransfer::StopExpecting() {
  if (!expect_until_ || *expect_until_ > context_.now) return false;
  MayProceed();
  return true;
}

// After such an answer libcurl requests no more of the body, but stays paused for it.
bool RelayTransfer::BodyIsRefused() const {
  return head_told_ && (parser_.answer().status >= 300 || NeverProceeded());
}

// The final answer came instead of "100 Continue": the client sends no body (RFC 9110
// §10.1.1).
bool RelayTransfer::NeverProceeded() const {
  return head_told_ && head_.expects_continue && !proceed_told_;
}

void RelayTransfer::TakeHead() {
  head_told_ = true;
  Touch();  // another deadline applies now
  const mapping::RelayAnswer& answer = parser_.answer();
  const size_t hundreds = answer.status / 100;
  Add(context_.counters.answers[hundreds < context_.counters.answers.size() ? hundreds : 0], 1);
  context_.counters.head_duration.Add(context_.now - started_);
  expect_until_.reset();
  // The server could read the bytes in the place of the body as a request.
  if (NeverProceeded()) curl_easy_setopt(easy_.get(), CURLOPT_FORBID_REUSE, 1L);
  events_->OnAnswer(PublicAnswer(context_.homeserver, answer));
}

size_t RelayTransfer::OnWrite(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<RelayTransfer*>(self);
  const size_t bytes = size * count;
  if (transfer.output_.size() + bytes > kRelayPieceBytesMax) {
    transfer.receive_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.moved_ = transfer.context_.now;
  Add(transfer.context_.counters.body_bytes_received, bytes);
  transfer.output_.append(data, bytes);
  transfer.Flush();
  if (transfer.send_paused_) transfer.Touch();
  return bytes;
}

size_t RelayTransfer::OnRead(char* out, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<RelayTransfer*>(self);
  // libcurl has the length and stops by itself: another call would be the start of a resend.
  if (transfer.sent_all_) return CURL_READFUNC_ABORT;
  if (transfer.head_.expects_continue && !transfer.proceed_told_) {
    if (transfer.NeverProceeded()) return 0;  // ends the sending before the announced length
    if (!transfer.may_proceed_) return transfer.Expect();
    transfer.proceed_told_ = true;
    transfer.events_->OnProceed();
  }
  const std::string_view rest = std::string_view(transfer.input_).substr(transfer.input_offset_);
  if (rest.empty() && transfer.input_ended_) {
    transfer.sent_all_ = true;
    transfer.moved_ = transfer.context_.now;
    return transfer.head_.content_length ? CURL_READFUNC_ABORT : 0;
  }
  if (rest.empty()) {
    transfer.send_paused_ = true;
    transfer.WantBody();
    return CURL_READFUNC_PAUSE;
  }
  const size_t bytes = std::min(size * count, rest.size());
  std::memcpy(out, rest.data(), bytes);
  transfer.moved_ = transfer.context_.now;
  transfer.input_offset_ += bytes;
  transfer.sent_bytes_ += bytes;
  Add(transfer.context_.counters.body_bytes_sent, bytes);
  transfer.sent_all_ = transfer.sent_bytes_ == transfer.head_.content_length;
  if (bytes == rest.size()) transfer.WantBody();
  return bytes;
}

size_t RelayTransfer::Expect() {
  if (!expect_until_) {
    expect_until_ = context_.now + kRelayExpectTimeout;
    Touch();
  }
  send_paused_ = true;
  return CURL_READFUNC_PAUSE;
}

int RelayTransfer::OnSeek(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

// Otherwise the kernel buffers megabytes of a body that the homeserver does not read yet.
int RelayTransfer::OnSocket(void*, curl_socket_t fd, curlsocktype) {
  const int bytes = kRelayUnsentBytesMax;
  // A kernel that refuses only buffers more.
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
  return CURL_SOCKOPT_OK;
}

// Before each request that libcurl sends, the first as well as what it would resend.
int RelayTransfer::OnAttempt(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<RelayTransfer*>(self);
  if (++transfer.attempts_ == 1 || transfer.MayRepeat()) return CURL_PREREQFUNC_OK;
  return CURL_PREREQFUNC_ABORT;
}

bool RelayTransfer::MayRepeat() const {
  if (head_told_) return false;
  const bool nothing_to_send = !head_.has_body || head_.content_length == 0;
  if (nothing_to_send) return http::IsSafe(head_.method);
  // A request that was never sent cannot have been carried out.
  return sent_bytes_ == 0 && !sent_all_;
}

mapping::UpstreamFault RelayTransfer::FaultFor(CURLcode code) const {
  if (aborted_too_large_) return mapping::UpstreamFault::kTooLarge;
  return code == CURLE_OK ? mapping::UpstreamFault::kBroken : FaultOf(easy_.get(), code);
}

void RelayTransfer::Finish(CURLcode code) {
  Add(context_.counters.connections_opened,
      static_cast<uint64_t>(InfoLong(easy_.get(), CURLINFO_NUM_CONNECTS)));
  // libcurl treats a connection that ends within the headers as an answer without a body.
  if (code != CURLE_OK || !head_told_) return Abort(FaultFor(code));
  finished_ = true;
  Flush();
}

void RelayTransfer::Abort(mapping::UpstreamFault fault) {
  if (std::exchange(over_, true)) return;
  finished_ = true;
  fault_ = fault;
  Add(context_.counters.faults[static_cast<size_t>(fault)], 1);
  events_->OnFault(fault);
}

std::optional<TimePoint> RelayTransfer::Deadline() const {
  if (finished_) return std::nullopt;
  if (expect_until_) return expect_until_;
  if (receive_paused_ || (send_paused_ && !BodyIsRefused())) return std::nullopt;
  const bool sent = sent_all_ || !head_.has_body || head_.content_length == 0;
  const bool waits_for_head = sent && !head_told_;
  return moved_ +
         (waits_for_head ? context_.config.relay_head_timeout : context_.config.relay_silence);
}

std::string RelayTransfer::FailureText(CURLcode code) const {
  return error_[0] != '\0' ? error_ : curl_easy_strerror(code);
}

}  // namespace lowband::translator::upstream
