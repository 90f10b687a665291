#include "services/edge/fallback/server.h"

#include <fcntl.h>
#include <httplib.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/config_error.h"
#include "libs/base/mutex.h"
#include "services/edge/fallback/connection.h"
#include "services/edge/fallback/connection_table.h"
#include "services/edge/fallback/loop.h"
#include "services/edge/fallback/tls_context.h"

namespace lowband::edge::fallback {
namespace {

void PrepareSocket(int fd) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  // The keepalive detects a phone that never comes back, if no other timeout does.
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

SocketAddress PeerAddress(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof(raw);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return SocketAddress::FromSockaddr(raw);
}

/// Runs cpp-httplib's tasks on the accepting thread: they only pass the connection to a loop.
class AtOnce final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> run) override { run(); }
  void shutdown() override {}
};

ConnectionEvent EvictedWhile(Activity activity) {
  switch (activity) {
    case Activity::kOpening: return ConnectionEvent::kEvictedOpening;
    case Activity::kIdle: return ConnectionEvent::kEvictedIdle;
    case Activity::kBusy: break;
  }
  return ConnectionEvent::kEvictedBusy;
}

}  // namespace

/// cpp-httplib's server, with its handling of connections replaced.
class Server::Impl final : public httplib::Server {
 public:
  Impl(const Config& config, std::unique_ptr<RelayChannel> channel)
      : config_(config), channel_(std::move(channel)), table_(config.connections_max) {
    const size_t loops = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kLoopsMax);
    for (size_t i = 0; i < loops; ++i) loops_.push_back(std::make_unique<Loop>(context_));
    // cpp-httplib takes a raw pointer and deletes it.
    new_task_queue = [] { return std::make_unique<AtOnce>().release(); };
    // By default cpp-httplib sets SO_REUSEPORT: a second edge would silently share the port.
    set_socket_options([](socket_t sock) {
      const int yes = 1;
      setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
  }
  ~Impl() override { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void, std::string> UseIdentity(const dtls::Identity& identity, tls::KeyLog* key_log) {
    auto context = MakeTlsContext(identity, key_log);
    if (!context) return Failure(std::move(context.error()));
    const MutexLock lock(mutex_);
    tls_ = std::move(*context);
    return {};
  }

  uint16_t Bind(const std::string& flag, const BindAddress& address) {
    const uint16_t wanted = address.address.port();
    errno = 0;
    int port = BindTo(address.any_host ? "::" : address.address.ZonedHostText(), wanted);
    // On a machine without IPv6.
    if (port < 0 && address.any_host && errno != EADDRINUSE) port = BindTo("0.0.0.0", wanted);
    if (port < 0) {
      const int error = errno == 0 ? EADDRINUSE : errno;
      throw ConfigError(flag, "cannot listen on " + address.address.Text() + " (tcp): " +
                                  (error == EADDRINUSE ? "the port is in use" : strerror(error)));
    }
    // cpp-httplib listens with a backlog of five.
    ::listen(svr_sock_, kBacklog);
    return static_cast<uint16_t>(port);
  }

  void Serve() {
    for (const auto& loop : loops_) loop->Start();
    listener_ = std::thread([this] { listen_after_bind(); });
    // Before the listener runs, stop() has no effect, and the join after it would never return.
    while (!is_running()) std::this_thread::yield();
  }

  void Drain() {
    if (listener_.joinable() && !std::exchange(stopped_, true)) stop();
    stop_.draining = true;
    for (const auto& loop : loops_) loop->Nudge();
  }

  void Stop() {
    stop_.aborting = true;
    if (!stop_.draining) Drain();
    if (listener_.joinable()) listener_.join();
    for (const auto& loop : loops_) loop->Join();
  }

  bool idle() const { return counters_.active.load(std::memory_order_relaxed) == 0; }
  const Counters& counters() const { return counters_; }
  Duration turn_age() const {
    Duration longest{};
    for (const auto& loop : loops_) longest = std::max(longest, loop->turn_age());
    return longest;
  }

 private:
  int BindTo(const std::string& host, uint16_t port) {
    if (port == 0) return bind_to_any_port(host);
    return bind_to_port(host, port) ? port : -1;
  }

  // On the listening thread: gives the connection to a loop.
  bool process_and_close_socket(socket_t sock) override {
    PrepareSocket(sock);
    const SocketAddress peer = PeerAddress(sock);
    const size_t quietest = QuietestLoop();
    const auto entered = table_.Enter(NetworkOf(peer), quietest);
    if (entered.victim) {
      counters_.Add(EvictedWhile(entered.victim->activity));
      loops_[entered.victim->loop]->MakeRoom(entered.victim->id);
    }
    if (!entered.id) {
      counters_.Add(ConnectionEvent::kOverLimit);
      RefuseConnection(sock);
      return true;
    }
    Counters::Add(counters_.opened);
    Counters::Add(counters_.open);
    Loop& loop = *loops_[quietest];
    loop.Adopt(std::make_unique<Connection>(
        std::chrono::steady_clock::now(), context_, *entered.id, MakeStream(sock),
        Client{peer.HostText(), config_.tls, config_.trust_forwarded_for},
        loop.WakerOf(*entered.id)));
    return true;
  }

  // All connections from a proxy have its address, so they count as one network.
  admission::Network NetworkOf(const SocketAddress& peer) const {
    return config_.trust_forwarded_for ? admission::Network{} : admission::NetworkOf(peer);
  }

  size_t QuietestLoop() const {
    const auto quietest =
        std::ranges::min_element(loops_, {}, [](const auto& l) { return l->size(); });
    return static_cast<size_t>(quietest - loops_.begin());
  }

  void RefuseConnection(int fd) {
    const auto plain = MakePlainStream(fd);
    if (config_.tls) return;
    plain->Write(MakeErrorAnswer(503, "M_UNKNOWN", "too many connections", false));
    plain->EndOutput();
  }

  std::unique_ptr<ByteStream> MakeStream(int fd) {
    if (!config_.tls) return MakePlainStream(fd);
    TlsContext context;
    {
      const MutexLock lock(mutex_);
      context = tls_;
    }
    return MakeTlsStream(fd, context.get());
  }

  const Config config_;
  const std::unique_ptr<RelayChannel> channel_;
  Counters counters_;
  StopState stop_;
  ConnectionTable table_;
  const ConnectionContext context_{config_, *channel_, counters_, stop_, table_};
  std::vector<std::unique_ptr<Loop>> loops_;
  Mutex mutex_;
  TlsContext tls_ LOWBAND_GUARDED_BY(mutex_);
  std::thread listener_;
  bool stopped_ = false;
};

Server::Server(const Config& config, std::unique_ptr<RelayChannel> channel)
    : impl_(std::make_unique<Impl>(config, std::move(channel))) {}
Server::~Server() = default;
Result<void, std::string> Server::UseIdentity(const dtls::Identity& identity,
                                              tls::KeyLog* key_log) {
  return impl_->UseIdentity(identity, key_log);
}
uint16_t Server::Bind(const std::string& flag, const BindAddress& address) {
  return impl_->Bind(flag, address);
}
void Server::Serve() { impl_->Serve(); }
void Server::Drain() { impl_->Drain(); }
bool Server::idle() const { return impl_->idle(); }
void Server::Stop() { impl_->Stop(); }
const Counters& Server::counters() const { return impl_->counters(); }
Duration Server::turn_age() const { return impl_->turn_age(); }

}  // namespace lowband::edge::fallback
