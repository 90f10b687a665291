#include "services/edge/fallback/server.h"

#include <fcntl.h>
#include <httplib.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "libs/base/config_error.h"
#include "libs/base/mutex.h"
#include "services/edge/fallback/connection.h"
#include "services/edge/fallback/connection_threads.h"
#include "services/edge/fallback/tls_context.h"

namespace lowband::edge::fallback {
namespace {

/// A descriptor that is readable for ever once it was told to be.
class Signal {
 public:
  Signal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    // Descriptors can only be used up this early by a broken configuration; nothing works then.
    if (fd_ < 0) std::abort();
  }
  ~Signal() { close(fd_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void Tell() {
    const uint64_t one = 1;
    (void)!write(fd_, &one, sizeof(one));
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

void PrepareSocket(int fd) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  // A phone that went out of reach for ever is noticed by the keepalive, if by nothing else.
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

std::string PeerAddress(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof(raw);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return SocketAddress::FromSockaddr(raw).HostText();
}

}  // namespace

/// cpp-httplib's server with what it does on a connection replaced.
class Server::Impl final : public httplib::Server {
 public:
  Impl(const Config& config, std::unique_ptr<RelayChannel> channel)
      : config_(config), channel_(std::move(channel)) {
    // cpp-httplib takes a raw pointer and deletes it.
    new_task_queue = [this] {
      return std::make_unique<ConnectionThreads>(config_.connections_max).release();
    };
    // Else a second edge would quietly share the port: cpp-httplib would set SO_REUSEPORT.
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
    // A machine without IPv6.
    if (port < 0 && address.any_host && errno != EADDRINUSE) port = BindTo("0.0.0.0", wanted);
    if (port < 0) {
      const int error = errno == 0 ? EADDRINUSE : errno;
      throw ConfigError(flag, "cannot listen on " + address.address.Text() + " (tcp): " +
                                  (error == EADDRINUSE ? "the port is in use" : strerror(error)));
    }
    // cpp-httplib listens with room for five.
    ::listen(svr_sock_, kBacklog);
    return static_cast<uint16_t>(port);
  }

  void Serve() {
    listener_ = std::thread([this] { listen_after_bind(); });
    // stop() does nothing before the loop runs, and the join after it would wait for ever.
    while (!is_running()) std::this_thread::yield();
  }

  void Drain() {
    drain_.Tell();
    // cpp-httplib's stop() must not be called again while it waits for the connections.
    if (listener_.joinable() && !std::exchange(stopped_, true)) stop();
  }

  void Stop() {
    abort_.Tell();
    Drain();
    if (listener_.joinable()) listener_.join();
  }

  bool idle() const { return counters_.active.load(std::memory_order_relaxed) == 0; }
  const Counters& counters() const { return counters_; }

 private:
  int BindTo(const std::string& host, uint16_t port) {
    if (port == 0) return bind_to_any_port(host);
    return bind_to_port(host, port) ? port : -1;
  }

  bool process_and_close_socket(socket_t sock) override {
    PrepareSocket(sock);
    if (!ConnectionThreads::OnOwnThread()) {
      counters_.Add(ConnectionEvent::kOverLimit);
      RefuseConnection(sock);
      return true;
    }
    counters_.Add(ConnectionEvent::kOpened);
    Counters::Add(counters_.open);
    RunConnection(sock);
    Counters::Sub(counters_.open);
    return true;
  }

  // On the listening thread: nothing here may wait.
  void RefuseConnection(int fd) {
    const auto plain = MakePlainStream(fd);
    if (config_.tls) return;
    plain->Write(MakeErrorAnswer(503, "M_UNKNOWN", "too many connections", false));
    plain->EndOutput();
  }

  void RunConnection(int fd) {
    Client client{PeerAddress(fd), config_.tls, config_.trust_forwarded_for};
    std::unique_ptr<ByteStream> stream;
    TlsContext context;
    if (config_.tls) {
      {
        const MutexLock lock(mutex_);
        context = tls_;
      }
      stream = MakeTlsStream(fd, context.get());
    } else {
      stream = MakePlainStream(fd);
    }
    if (stream == nullptr) return;
    Connection(std::move(stream), std::move(client), config_, *channel_,
               {.drain_fd = drain_.fd(), .abort_fd = abort_.fd()}, counters_)
        .Run();
  }

  const Config config_;
  const std::unique_ptr<RelayChannel> channel_;
  Counters counters_;
  Signal drain_;
  Signal abort_;
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

}  // namespace lowband::edge::fallback
