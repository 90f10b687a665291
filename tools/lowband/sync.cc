#include "tools/lowband/sync.h"

#include <algorithm>
#include <iostream>

#include "libs/base/random.h"
#include "libs/base/shutdown.h"
#include "libs/client/connection.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/sync_limits.h"
#include "tools/lowband/sync_session.h"
#include "tools/lowband/traffic_log.h"

namespace lowband::tools {
namespace {

constexpr uint8_t kAlertRecord = 21;
// Without --seconds: practically without end, but sums of times do not overflow.
constexpr std::chrono::hours kForEver{24 * 3650};

TimePoint Now() { return std::chrono::steady_clock::now(); }

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// An alert of epoch 0, which needs no key.
bool IsPlainAlert(ByteView datagram) {
  return datagram.size() > 4 && datagram[0] == kAlertRecord && datagram[3] == 0 && datagram[4] == 0;
}

class Follower {
 public:
  Follower(const SyncOptions& options, const SyncRequest& request)
      : options_(options),
        request_(request),
        key_log_(KeyLogFromEnvironment()),
        config_(MakeConfig()),
        summary_(Now()),
        progress_(options, summary_),
        random_(MakeSystemRandom()),
        backoff_(Seconds(options.reconnect_wait_seconds),
                 std::max<Duration>(kReconnectWaitMax, Seconds(options.reconnect_wait_seconds)),
                 *random_),
        traffic_(options.verbose),
        run_{
            options_,    request_,
            progress_,   backoff_,
            signal_,     Now() + (options.seconds ? Seconds(*options.seconds) : Duration(kForEver)),
            options.poll} {}

  int Run() {
    const SyncEnd end = Follow();
    std::cerr << summary_.Text(Now());
    if (end.kind == SyncEnd::Kind::kDone) return kExitOk;
    return Fail("sync", end.why + " (" + Asked() + ")", kExitFailure);
  }

 private:
  client::Config MakeConfig() {
    client::Config config = options_.connect.MakeConfig(request_.url().secure);
    config.key_log = key_log_.get();
    config.answer_timeout = std::chrono::milliseconds(options_.timeout_ms) + kAnswerMargin;
    config.trace = [this](const client::DatagramTrace& trace) { Note(trace); };
    return config;
  }

  void Note(const client::DatagramTrace& trace) {
    if (!trace.datagram.empty()) {
      summary_.NoteDatagram(trace.at, trace.sent, trace.datagram.size(), header_bytes_);
    }
    if (!trace.sent && IsPlainAlert(trace.datagram)) run_.alerted = true;
    traffic_.Note(trace);
  }

  // Until the end of the run or a final failure.
  SyncEnd Follow() {
    for (;;) {
      SyncEnd end = FollowOnce();
      if (end.kind != SyncEnd::Kind::kLost) return end;
      // If the server never answered, the URL is probably wrong, so no retry.
      if (!run_.reached) return {SyncEnd::Kind::kFailed, end.why};
      if (WaitToReconnect(end.why)) return {};
    }
  }

  SyncEnd FollowOnce() {
    config_.handshake_timeout =
        std::min<Duration>(client::kHandshakeTimeoutDefault, run_.until - Now());
    const Url& url = request_.url();
    auto connection = client::Connection::Open(url.host, url.port, config_, signal_.fd());
    if (!connection) {
      if (signal_.Wait(Duration::zero())) run_.stopped = true;
      // If the ticket was the cause, a full handshake may succeed.
      config_.resume.clear();
      return {run_.stopped ? SyncEnd::Kind::kDone : SyncEnd::Kind::kLost, connection.error()};
    }
    header_bytes_ = IpUdpBytes((*connection)->server());
    if (connected_) summary_.NoteReconnect();
    connected_ = true;
    // Over plain UDP there has been no answer yet.
    if (url.secure) run_.reached = true;
    if (Bytes ticket = (*connection)->session().SaveTicket(); !ticket.empty()) {
      config_.resume = std::move(ticket);
    }
    SyncSession session(run_, **connection);
    SyncEnd end = session.Run();
    if (end.kind == SyncEnd::Kind::kDone) session.Deregister();
    (*connection)->Close();
    return end;
  }

  // True if the run ends meanwhile.
  bool WaitToReconnect(const std::string& why) {
    const Duration wait = backoff_.Next();
    Notice(why + "; reconnecting in " + SecondsText(wait));
    const Duration left = std::max<Duration>(run_.until - Now(), Duration::zero());
    if (signal_.Wait(std::min(wait, left))) run_.stopped = true;
    return run_.stopped || Now() >= run_.until;
  }

  std::string Asked() const {
    const Url& url = request_.url();
    std::string path;
    for (const std::string& segment : url.path) path += "/" + segment;
    return url.host + " port " + std::to_string(url.port) + ", path " + path;
  }

  const SyncOptions& options_;
  const SyncRequest& request_;
  ShutdownSignal signal_;
  std::unique_ptr<tls::KeyLog> key_log_;
  client::Config config_;
  SyncSummary summary_;
  SyncProgress progress_;
  std::unique_ptr<Random> random_;
  Backoff backoff_;
  TrafficLog traffic_;
  SyncRun run_;
  bool connected_ = false;
  unsigned header_bytes_ = kIpv4AndUdpBytes;
};

}  // namespace

int RunSync(const SyncOptions& options) {
  const SyncRequest request(options);
  for (const std::string& name : request.ignored_headers()) {
    Notice("warning: CoAP has no option for the header " + name + "; it is not sent");
  }
  return Follower(options, request).Run();
}

}  // namespace lowband::tools
