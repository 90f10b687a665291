// One HTTP exchange on one libcurl easy handle: its options, its received data, its outcome.
//
// libcurl itself resends a request, even a POST, if a reused connection turns out to be dead before
// the first byte of an answer (Curl_retry_request in its lib/transfer.c). A POST must not be
// carried out twice, so a callback that cannot be rewound gives its body: libcurl then gives up if
// any of the body was sent, and a POST whose body was not sent cannot have been carried out. A POST
// without a body uses a new connection, on which libcurl never resends.
//
// Threading: one thread, the loop's. Ownership: has its handle; the code that adds the handle to a
// multi handle takes it out again before the transfer ends. Limits: limits.h. Spec: RFC 9110
// §9.2.2.
#pragma once

#include <string>

#include "libs/base/result.h"
#include "libs/base/time.h"
#include "services/translator/mapping/http.h"
#include "services/translator/upstream/counters.h"
#include "services/translator/upstream/curl_handle.h"
#include "services/translator/upstream/curl_poll.h"
#include "services/translator/upstream/homeserver.h"

namespace lowband::translator::upstream {

struct UpstreamConfig;

/// An easy handle with all options that every exchange shares.
CurlEasy MakeExchangeEasy(const UpstreamConfig& config, const Homeserver& homeserver);

class Transfer {
 public:
  /// `config`, `homeserver` and `counters` outlive the transfer. `easy` comes from
  /// MakeExchangeEasy, or from ReleaseEasy of a finished transfer.
  Transfer(CurlEasy easy, uint64_t id, mapping::HttpRequest request, TimePoint submitted,
           const UpstreamConfig& config, const Homeserver& homeserver, UpstreamCounters& counters);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Sets the handle up; add it to the multi handle next. `now` is before deadline().
  void Prepare(TimePoint now);
  /// After libcurl has finished the handle: sets it up again for a redirect that may be followed.
  bool PrepareRedirect(CURLcode code, TimePoint now);
  /// The outcome, after libcurl has finished the handle.
  Result<mapping::HttpResponse, mapping::UpstreamFault> Finish(CURLcode code, TimePoint now);
  /// libcurl's text for the last failure: host names and addresses, nothing of the request.
  std::string FailureText(CURLcode code) const;

  CURL* easy() const { return easy_.get(); }
  /// The handle for another transfer; this one is over.
  CurlEasy ReleaseEasy();
  CurlPoll::Kind kind() const {
    // Under a condition it would fail the second time.
    const bool once = request_.method == mapping::HttpMethod::kPost || !request_.if_match.empty();
    return once ? CurlPoll::Kind::kOnce : CurlPoll::Kind::kRepeatable;
  }
  uint64_t id() const { return id_; }
  TimePoint deadline() const { return submitted_ + request_.timeout; }
  /// The homeserver sent some bytes: it is reachable.
  bool answered() const { return header_bytes_ != 0; }

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnRead(char* out, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);

  void SetUrl(const std::string& url, TimePoint now);
  /// `first`: for the homeserver itself, not for the target of a redirect.
  void SetHeaders(bool first);
  void SetBody();
  void ResetAnswer();
  mapping::UpstreamFault FaultFor(CURLcode code) const;
  mapping::HttpResponse TakeResponse();

  CurlEasy easy_;
  const uint64_t id_;
  mapping::HttpRequest request_;
  const TimePoint submitted_;
  const UpstreamConfig& config_;
  const Homeserver& homeserver_;
  UpstreamCounters& counters_;

  CurlList headers_;
  uint64_t gateway_bytes_ = 0;  ///< HttpResponse::gateway_bytes_sent
  size_t read_offset_ = 0;
  size_t header_bytes_ = 0;
  bool head_complete_ = false;  ///< The empty line after the headers came.
  std::string body_;
  int redirects_ = 0;
  enum class Abort : uint8_t { kNone, kTooLarge, kOverload };
  Abort abort_ = Abort::kNone;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace lowband::translator::upstream
