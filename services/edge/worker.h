// One worker: a thread with its own socket, epoll loop and pipeline. All work for its clients
// happens here; other threads reach it only through mailboxes.
//
//   socket ─▶ owner? ─ this ─▶ pipeline ─▶ socket
//                └─ another ─▶ its mailbox         └─▶ lane transport (gRPC's threads)
//
// Threading: Start, Stop and the queries from main; the rest is the worker's own thread. Ownership:
// owns socket, pipeline and lane transport; credentials, admission, log and peers outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "libs/base/mailbox.h"
#include "libs/base/random.h"
#include "services/edge/datagram/udp_socket.h"
#include "services/edge/exchange_log.h"
#include "services/edge/pipeline.h"
#include "services/edge/uplink/lane_transport.h"
#include "services/edge/worker_stats.h"

namespace lowband::edge {

class Worker {
 public:
  /// `index` of `count` workers. `log` gets the records of exchanges.
  Worker(const PipelineConfig& config, dtls::Credentials& credentials,
         admission::Admission& admission, std::unique_ptr<datagram::UdpSocket> socket,
         const uplink::TransportConfig& transport, ExchangeLog& log, unsigned index,
         unsigned count);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the thread. `workers` are all workers, by index, including this one; they live until
  /// every thread has ended.
  void Start(const std::vector<std::unique_ptr<Worker>>& workers);
  /// Refuses new handshakes from now on, and ends the sessions one after another within `limit`.
  void StartDrain(Duration limit);
  /// Ends all sessions with close_notify, the lanes, and then the thread.
  void Stop();
  void Join();

  /// At least one lane to a translator is open.
  bool ready() const { return ready_.load(std::memory_order_relaxed); }
  /// The duration of the current turn so far; zero between two turns. A turn takes milliseconds: a
  /// long one hangs.
  Duration turn_age() const;
  /// The pipeline is idle.
  bool idle() const { return idle_.load(std::memory_order_relaxed); }
  /// A copy made by the worker's thread, within `limit`; none if it did not answer in time.
  std::optional<WorkerStats> Stats(Duration limit);

 private:
  /// A datagram that the kernel gave to the wrong worker.
  struct Forwarded {
    SocketAddress from;
    Bytes datagram;
  };
  /// Work for the worker's thread.
  using Call = std::function<void(TimePoint)>;
  using Mail = std::variant<Forwarded, Call>;

  void Do(Call call);
  void Run();
  void Wait();
  void ReceiveDatagrams(TimePoint now);
  void TakeMail(TimePoint now);
  void TakeLaneEvents(TimePoint now);
  void Drain();
  void PassOn(const dtls::Relief& relief);
  void Watch(int fd);
  WorkerStats MakeStats() const;

  const unsigned index_;
  const unsigned count_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<datagram::UdpSocket> socket_;
  Pipeline pipeline_;
  Mailbox<Mail> mailbox_;
  std::vector<Mail> mail_;
  uplink::LaneTransport transport_;
  ExchangeLog& log_;
  std::vector<uplink::LaneEvent> lane_events_;
  std::vector<Worker*> workers_;
  uint64_t forwarded_ = 0;
  uint64_t forward_drops_ = 0;
  uint64_t relief_drops_ = 0;
  int epoll_fd_;
  bool stopping_ = false;
  std::atomic<bool> ready_{false};
  std::atomic<bool> idle_{true};
  std::atomic<TimePoint> turn_began_{TimePoint()};  ///< The epoch: none is under way.
  std::thread thread_;
};

/// "worker 1 hangs": the first worker whose turn takes longer than `limit`. Empty: none. Any
/// thread; does not wait for a hanging worker.
std::string HangingWorker(const std::vector<std::unique_ptr<Worker>>& workers, Duration limit);

}  // namespace lowband::edge
