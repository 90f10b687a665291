// libcurl's multi handles with an epoll instance around them: the core of every upstream loop.
//
// A multi handle is a pool of connections. There is one for the requests that may be repeated and
// one for those that may not: libcurl checks the age of a pool's idle connections by the limit of
// the current request, so a request that accepts only fresh ones would close all the others. A pool
// that reached the connections' maximum age takes no more transfers and ends with its last one;
// libcurl's own limit does not apply to an HTTP/2 connection that is never idle.
//
//   Add ──▶ the pool of the kind ──too old──▶ retired, ends with its last transfer
//
// Threading: Wake from any thread; all else on one, that of the loop. Ownership: easy handles are
// taken out again before this ends. Limits: a retired pool has a transfer at least.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/time.h"
#include "services/translator/upstream/curl_handle.h"

namespace lowband::translator::upstream {

class CurlPoll {
 public:
  enum class Kind : uint8_t {
    kRepeatable,  ///< May be sent again if its connection turns out to be dead.
    kOnce,        ///< May not be sent again.
  };

  /// `idle_connections_max`: connections kept for reuse; of those for kOnce at most
  /// kOnceIdleConnectionsMax. `connection_life`: an older connection gets no new transfer.
  CurlPoll(size_t idle_connections_max, Duration connection_life);
  ~CurlPoll();
  CurlPoll(const CurlPoll&) = delete;
  CurlPoll& operator=(const CurlPoll&) = delete;

  /// Makes libcurl start `easy`. False: it could not.
  bool Add(CURL* easy, Kind kind, TimePoint now);
  /// Takes `easy` out; no effect if it is not in.
  void Remove(CURL* easy);

  /// Makes Wait return. One wake-up covers all work that comes before the loop reads it.
  void Wake();
  /// Waits for events until `deadline`, sets `now` to the time of this turn, and lets libcurl act
  /// on the events.
  void Wait(std::optional<TimePoint> deadline, TimePoint& now);
  /// Runs libcurl's timers that are due.
  void RunTimer(TimePoint now);

  struct Finished {
    CURL* easy;
    CURLcode code;
  };
  /// A transfer that libcurl has finished; its handle is taken out.
  std::optional<Finished> NextFinished();

  /// Closes all connections, which writes to them: on the loop's thread, at its end.
  void Close() { pools_.clear(); }

 private:
  static constexpr size_t kKinds = 2;
  struct Pool {
    Pool(CurlPoll& owner, TimePoint now) : poll(owner), made(now) {}
    CurlPoll& poll;
    const TimePoint made;
    std::optional<TimePoint> deadline = {};  ///< libcurl's own.
    size_t transfers = 0;
    CurlMulti multi =
        CurlMulti(curl_multi_init());  ///< Last member: its destructor still calls back.
  };

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);
  /// The pool for new transfers; null: out of memory.
  Pool* Current(Kind kind, TimePoint now);
  std::unique_ptr<Pool> MakePool(Kind kind, TimePoint now);
  bool IsCurrent(const Pool& pool) const;
  void DropRetired();
  void Dispatch(const epoll_event& event);

  const size_t idle_connections_max_;
  const Duration connection_life_;
  const int epoll_;
  const int wake_;
  std::atomic<bool> woken_{false};
  std::vector<std::unique_ptr<Pool>> pools_;
  std::array<Pool*, kKinds> current_{};
  std::unordered_map<CURL*, Pool*> transfers_;
  std::unordered_map<curl_socket_t, Pool*> sockets_;  ///< Sockets that libcurl wants watched.
};

/// To be called first on the loop's thread. The main thread handles signals; and a peer that closes
/// while OpenSSL writes raises SIGPIPE in the writing thread, which libcurl leaves to its user.
void BlockSignals();

}  // namespace lowband::translator::upstream
