// One relayed HTTP transfer on one libcurl easy handle: both bodies stream, each held back when the
// other side does not keep up.
//
//   edge ──Body──▶ input (one piece) ──libcurl asks──▶ homeserver   asked with none there: paused
//   edge ◀─OnData─ output (one piece) ◀──libcurl has─── homeserver  output full: paused
//
// No request with a body, or with an unsafe method, is ever resent (transfer.h explains when
// libcurl would): its body cannot be rewound, and a request without a body that must not be
// repeated uses a fresh connection. OnAttempt() refuses all other attempts of libcurl.
//
// Threading: one thread, the loop's. Ownership: has its handle; the code that adds the handle to a
// multi handle takes it out again before the transfer ends. Limits: limits.h. Spec: RFC 9110
// §9.2.2, §10.1.1, RFC 9112 §9.5.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/time.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/upstream/config.h"
#include "services/translator/upstream/curl_handle.h"
#include "services/translator/upstream/curl_poll.h"
#include "services/translator/upstream/homeserver.h"
#include "services/translator/upstream/relay_client.h"
#include "services/translator/upstream/relay_counters.h"
#include "services/translator/upstream/relay_head_parser.h"

namespace lowband::translator::upstream {

class RelayTransfer {
 public:
  /// The state shared by the transfers of one loop; outlives them.
  struct Context {
    const UpstreamConfig& config;
    const Homeserver& homeserver;
    RelayCounters& counters;
    TimePoint now;  ///< Of the loop's turn.
    /// Transfers to process after libcurl has returned, since its callbacks must not do that.
    std::vector<uint64_t> touched;
  };

  RelayTransfer(uint64_t id, mapping::RelayHead head, std::shared_ptr<RelayEvents> events,
                CurlEasy easy, Context& context);
  RelayTransfer(const RelayTransfer&) = delete;
  RelayTransfer& operator=(const RelayTransfer&) = delete;

  /// Sets the handle up; add it to the multi handle next.
  void Prepare();

  // From the edge.
  void Body(std::string piece);
  void BodyEnd();
  void Taken();

  /// Outside of libcurl's callbacks: continues the transfer where it can.
  void Resume();
  /// libcurl has finished the handle. The rest of the answer may still wait to be taken.
  void Finish(CURLcode code);
  /// Ends it with a fault. The handle must have been taken out of the multi handle.
  void Abort(mapping::UpstreamFault fault);
  /// All events were delivered: it can be deleted.
  bool over() const { return over_; }
  /// libcurl has finished the handle.
  bool finished() const { return finished_; }

  /// Ends the wait for "100 Continue", which many servers never send; true if there was one.
  bool StopExpecting();
  /// When it will have been silent for too long; none while it waits only for the edge.
  std::optional<TimePoint> Deadline() const;

  CurlPoll::Kind kind() const;
  uint64_t id() const { return id_; }
  CURL* easy() const { return easy_.get(); }
  /// The homeserver sent some bytes: it is reachable.
  bool answered() const { return parser_.bytes() != 0; }
  std::optional<mapping::UpstreamFault> fault() const { return fault_; }
  /// libcurl's text for the last failure: host names and addresses, nothing of the request.
  std::string FailureText(CURLcode code) const;

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnWrite(char* data, size_t size, size_t count, void* self);
  static size_t OnRead(char* out, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static int OnSocket(void* self, curl_socket_t fd, curlsocktype purpose);
  static int OnAttempt(void* self, char*, char*, int, int);

  void SetMethod();
  void SetHeaders();
  void SetCallbacks();
  void TakeHead();
  void WantBody();
  void Flush();
  bool MayRepeat() const;
  void MayProceed();
  size_t Expect();
  bool BodyIsRefused() const;
  bool NeverProceeded() const;
  mapping::UpstreamFault FaultFor(CURLcode code) const;
  void Touch() { context_.touched.push_back(id_); }

  const uint64_t id_;
  const mapping::RelayHead head_;
  const std::shared_ptr<RelayEvents> events_;
  CurlEasy easy_;
  Context& context_;
  const TimePoint started_;
  TimePoint moved_;  ///< Time of the last progress, or of the edge's last permission for it.
  CurlList headers_;

  // The request's body.
  std::string input_;
  size_t input_offset_ = 0;
  uint64_t sent_bytes_ = 0;
  bool input_ended_ = false;
  bool sent_all_ = false;                  ///< libcurl has the whole request.
  bool wanted_ = false;                    ///< The edge was asked for a piece and has not sent it.
  std::optional<TimePoint> expect_until_;  ///< End of the wait for "100 Continue".
  bool may_proceed_ = false;
  bool proceed_told_ = false;
  bool send_paused_ = false;

  // The answer.
  RelayHeadParser parser_;
  bool head_told_ = false;
  bool aborted_too_large_ = false;
  std::string output_;
  bool output_on_its_way_ = false;
  bool receive_paused_ = false;

  int attempts_ = 0;
  bool finished_ = false;
  bool over_ = false;
  std::optional<mapping::UpstreamFault> fault_;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace lowband::translator::upstream
