// libcurl's multi handle with an epoll instance around it: the inside of every upstream loop.
//
// Threading: Wake from any thread; all else on one, that of the loop. Ownership: easy handles are
// taken out of multi() before this ends.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <optional>

#include "libs/base/time.h"
#include "services/translator/upstream/curl_handle.h"

namespace lowband::translator {

class CurlPoll {
 public:
  /// `idle_connections_max`: connections kept for reuse.
  explicit CurlPoll(size_t idle_connections_max);
  ~CurlPoll();
  CurlPoll(const CurlPoll&) = delete;
  CurlPoll& operator=(const CurlPoll&) = delete;

  CURLM* multi() { return multi_.get(); }

  /// Makes Wait return. One wake-up serves all that comes before the loop looks.
  void Wake();
  /// Waits for events until `deadline`, sets `now` to the time of this turn, and lets libcurl act
  /// on the events.
  void Wait(std::optional<TimePoint> deadline, TimePoint& now);
  /// Lets libcurl do what its own timer is due for.
  void RunTimer(TimePoint now);

  struct Finished {
    CURL* easy;
    CURLcode code;
  };
  /// A transfer that libcurl is done with; its handle is taken out.
  std::optional<Finished> NextFinished();

  /// Closes all connections, which writes to them: on the loop's thread, at its end.
  void Close() { multi_.reset(); }

 private:
  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);
  void Dispatch(const epoll_event& event);

  const int epoll_;
  const int wake_;
  std::atomic<bool> woken_{false};
  std::optional<TimePoint> curl_deadline_;
  CurlMulti multi_;
};

/// For the loop's thread, before anything else. Signals are for the main thread; and a peer that
/// closes while OpenSSL writes raises SIGPIPE in the thread that wrote, which libcurl leaves to its
/// user.
void BlockSignals();

}  // namespace lowband::translator
