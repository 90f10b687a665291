// One thread of the load generator: its sessions, their sockets, one epoll loop.
//
// Threading: each method on the worker's own thread; result() after that. Ownership: borrows
// plan and budget. Limits: kConnectAttemptsMax, kDatagramsPerSessionMax.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/random.h"
#include "libs/base/timer_queue.h"
#include "libs/client/session.h"
#include "libs/client/udp_socket.h"
#include "tools/lowband/load_budget.h"
#include "tools/lowband/load_plan.h"
#include "tools/lowband/load_result.h"

namespace lowband::tools {

struct LoadWorkerOptions {
  client::Config config;
  SocketAddress server;
  size_t sessions = 1;
  size_t first_session = 0;         ///< Number of the first one among those of all workers.
  unsigned in_flight = 1;           ///< Requests of one session at once.
  size_t connecting = 16;           ///< Handshakes at once.
  std::vector<std::string> tokens;  ///< Assigned to the sessions in turn; may be empty.
  bool resume = false;              ///< All but the first handshake use its ticket.
};

class LoadWorker {
 public:
  /// Failed handshakes in a row after which a session is given up.
  static constexpr unsigned kConnectAttemptsMax = 3;
  /// After so many a session is replaced: message IDs must not be reused within 247 s
  /// (RFC 7252 §4.4), and there are 65,536.
  static constexpr uint64_t kDatagramsPerSessionMax = 50'000;

  LoadWorker(LoadWorkerOptions options, const LoadPlan& plan, LoadBudget& budget);
  ~LoadWorker();
  LoadWorker(const LoadWorker&) = delete;
  LoadWorker& operator=(const LoadWorker&) = delete;

  /// Opens every session. Those that cannot be opened are counted and not used.
  void ConnectAll();
  /// Spends the budget on requests and waits for the last answer. `measured`: the results count.
  void RunRequests(bool measured);
  /// Spends the budget on handshakes, `connecting` at once, each closed as soon as it is done.
  void RunHandshakes();
  void CloseAll();

  const LoadResult& result() const { return result_; }
  size_t ready() const;
  /// Time of the last answer of the measured phase; its beginning if there was none.
  TimePoint last_answer() const { return last_answer_; }

 private:
  enum class State : uint8_t { kIdle, kConnecting, kReady, kDead };
  enum class Phase : uint8_t { kConnecting, kRequests, kHandshakes };
  struct InFlight {
    client::RequestId id;
    TimePoint sent;
  };
  struct Slot {
    State state = State::kIdle;
    std::optional<client::UdpSocket> socket;
    std::unique_ptr<client::Session> session;
    std::vector<InFlight> in_flight;
    TimePoint opened;
    std::optional<TimePoint> timer;
    unsigned failures = 0;  ///< Handshakes in a row.
    bool answered = false;  ///< The server has received our token.
    uint64_t turn = 0;
  };

  void Turn();
  void Open(size_t index);
  void Retire(Slot& slot);
  void OnReadable(size_t index);
  void Drain(size_t index);
  void Handle(size_t index, client::Event& event);
  void OnConnected(size_t index, const client::Connected& connected);
  void OnDisconnected(size_t index, const std::string& detail);
  void OnAnswer(size_t index, client::RequestId id, const std::string& outcome, bool ok);
  void Fill(size_t index);
  void SendOne(size_t index, TimePoint now);
  void SetTimer(size_t index);
  client::Traffic TotalTraffic() const;

  LoadWorkerOptions options_;
  const LoadPlan& plan_;
  LoadBudget& budget_;
  std::unique_ptr<Random> random_;
  int epoll_ = -1;
  std::vector<Slot> slots_;
  TimerQueue<size_t> timers_;
  Phase phase_ = Phase::kConnecting;
  bool measured_ = false;
  size_t connecting_ = 0;
  size_t in_flight_ = 0;
  Bytes ticket_;
  Bytes buffer_;
  client::Traffic retired_traffic_;
  LoadResult result_;
  TimePoint last_answer_{};
};

}  // namespace lowband::tools
