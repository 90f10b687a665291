// `lowband sync` over one connection, from the first request to the loss of the connection or the
// end of the run.
//
//   ask ──Response with Observe──▶ observe ──Notification──▶ …  ──ObservationEnded──▶ wait, ask
//    ▲ └──Response without it──▶ poll: ask again
//    └── an error that may pass: wait ──┘
//
// Threading: main. Ownership: borrows its parts, which outlive it.
#pragma once

#include <optional>
#include <string>

#include "libs/base/shutdown.h"
#include "libs/client/connection.h"
#include "tools/lowband/backoff.h"
#include "tools/lowband/sync.h"
#include "tools/lowband/sync_progress.h"
#include "tools/lowband/sync_request.h"

namespace lowband::tools {

/// The state kept from connection to connection.
struct SyncRun {
  const SyncOptions& options;
  const SyncRequest& request;
  SyncProgress& progress;
  Backoff& backoff;
  ShutdownSignal& signal;
  TimePoint until;       ///< When --seconds are over.
  bool polling = false;  ///< By flag, or because the server does not support observing /sync.
  bool reached = false;  ///< The server has answered.
  bool stopped = false;  ///< By a signal.
  bool alerted = false;  ///< A plaintext alert, which anyone can send, came since this was cleared.
};

struct SyncEnd {
  enum class Kind : uint8_t {
    kDone,    ///< The requested work is done.
    kFailed,  ///< Retries make no sense.
    kLost,    ///< The connection is gone.
  };
  Kind kind = Kind::kDone;
  std::string why;
};

class SyncSession {
 public:
  SyncSession(SyncRun& run, client::Connection& connection);
  /// Throws UsageError as SyncProgress does.
  SyncEnd Run();
  /// Ends the observation, if there is one, and waits briefly for the server's confirmation.
  void Deregister();

 private:
  using End = std::optional<SyncEnd>;

  void Ask(TimePoint now);
  End Handle(TimePoint now, const client::Event& event);
  End On(TimePoint now, const client::Response& response);
  End On(TimePoint now, const client::Notification& notification);
  End On(TimePoint now, const client::ObservationEnded& ended);
  End On(TimePoint now, const client::RequestFailed& failed);
  End On(TimePoint now, const client::Disconnected& end);
  End On(TimePoint now, const client::Pong& pong);
  End On(TimePoint now, const client::Connected& connected);
  End OnAnswer(TimePoint now, const client::Response& answer);
  void AskLater(TimePoint now, const std::string& why, Duration at_least = {});
  End OnTime(TimePoint now);
  void Ping(TimePoint now);
  TimePoint NextTime() const;

  SyncRun& run_;
  client::Connection& connection_;
  client::RequestId id_ = 0;  ///< Of the request or observation under way.
  bool waiting_ = false;      ///< For the answer to this request.
  bool observing_ = false;
  bool introduced_ = false;  ///< The session has the access token.
  TimePoint asked_at_{};
  std::optional<TimePoint> ask_at_;  ///< Nothing is under way until then.
  TimePoint heard_at_{};
  std::optional<TimePoint> pinged_at_;  ///< A ping is under way.
  uint64_t retransmissions_ = 0;        ///< Before it.
};

/// One line on standard error.
void Notice(const std::string& text);
/// "1.5 s", for notices.
std::string SecondsText(Duration duration);

}  // namespace lowband::tools
