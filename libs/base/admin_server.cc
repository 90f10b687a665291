#include "libs/base/admin_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/admin_connection.h"
#include "libs/base/config_error.h"

namespace lowband {
namespace {

using admin::Connection;

constexpr std::string_view kText = "text/plain";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

TimePoint Now() { return std::chrono::steady_clock::now(); }

/// Collects the metrics on its own thread, so that the loop continues meanwhile.
class Scraper {
 public:
  /// `wake_fd` becomes readable when Take() has a result.
  Scraper(std::function<std::string()> metrics, int wake_fd)
      : metrics_(std::move(metrics)), wake_fd_(wake_fd) {}
  ~Scraper() { Stop(); }

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }
  void Ask() {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    changed_.notify_all();
  }
  /// The text collected since the last call.
  std::optional<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(text_, std::nullopt);
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return asked_ || stopping_; });
      if (stopping_) return;
      asked_ = false;
      lock.unlock();
      std::string text = metrics_ ? metrics_() : "";
      lock.lock();
      text_ = std::move(text);
      const uint64_t one = 1;
      (void)!write(wake_fd_, &one, sizeof(one));
    }
  }

  const std::function<std::string()> metrics_;
  const int wake_fd_;
  // All below is guarded by the mutex. A condition variable wants the plain one.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopping_ = false;
  std::optional<std::string> text_;
  std::thread thread_;
};

}  // namespace

class AdminServer::Impl {
 public:
  explicit Impl(Hooks hooks)
      : hooks_(std::move(hooks)),
        wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        scraper_(hooks_.metrics, wake_fd_) {
    if (wake_fd_ < 0) std::abort();
  }
  ~Impl() {
    Stop();
    if (listen_fd_ >= 0) close(listen_fd_);
    close(wake_fd_);
  }

  void Bind(const std::string& flag, const BindAddress& address);
  void Serve() {
    scraper_.Start();
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    stopping_ = true;
    const uint64_t one = 1;
    (void)!write(wake_fd_, &one, sizeof(one));
    if (thread_.joinable()) thread_.join();
    scraper_.Stop();
  }
  uint16_t port() const { return port_; }

 private:
  /// The state of the metrics requested by a client.
  enum class Scrape : uint8_t { kNone, kNext, kUnderWay };
  struct Client {
    Client(int fd, TimePoint now) : connection(fd, now) {}
    Connection connection;
    Scrape scrape = Scrape::kNone;
  };

  void Run();
  void Wait();
  void Accept(TimePoint now);
  void MakeRoom();
  void Dispatch(TimePoint now, Client& client);
  void TakeScrape(TimePoint now);
  void BeginScrape();

  const Hooks hooks_;
  const int wake_fd_;
  int listen_fd_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  Scraper scraper_;
  std::list<Client> clients_;  // the oldest first
  bool scraping_ = false;
  std::vector<pollfd> polled_;
  std::thread thread_;
};

void AdminServer::Impl::Bind(const std::string& flag, const BindAddress& address) {
  const auto fail = [&](int error) -> ConfigError {
    return ConfigError(
        flag, "cannot listen on " + address.address.Text() + " (tcp): " + std::strerror(error));
  };
  // All addresses: an IPv6 socket also accepts IPv4, if the machine has IPv6.
  int family = address.any_host || !address.address.is_ipv4() ? AF_INET6 : AF_INET;
  constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  listen_fd_ = socket(family, kType, 0);
  if (listen_fd_ < 0 && address.any_host) listen_fd_ = socket(family = AF_INET, kType, 0);
  if (listen_fd_ < 0) throw fail(errno);
  const int yes = 1;
  const int no = 0;
  setsockopt(listen_fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (family == AF_INET6 && address.any_host) {
    setsockopt(listen_fd_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  }
  sockaddr_storage raw{};
  socklen_t size = address.address.ToSockaddr(family, raw);
  if (bind(listen_fd_, reinterpret_cast<const sockaddr*>(&raw), size) != 0 ||
      listen(listen_fd_, SOMAXCONN) != 0) {
    throw fail(errno);
  }
  size = sizeof(raw);
  getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&raw), &size);
  port_ = SocketAddress::FromSockaddr(raw).port();
}

void AdminServer::Impl::Run() {
  while (!stopping_) {
    Wait();
    const TimePoint now = Now();
    if (polled_[0].revents != 0) {
      uint64_t ignored = 0;
      (void)!read(wake_fd_, &ignored, sizeof(ignored));
      TakeScrape(now);
    }
    size_t i = 2;
    for (Client& client : clients_) {
      if (polled_[i++].revents == 0) continue;
      Connection& connection = client.connection;
      // A client that disconnected after its request gets no answer.
      if (connection.state() == Connection::State::kAsked) continue;
      connection.OnReady(now);
      if (connection.state() == Connection::State::kAsked) Dispatch(now, client);
    }
    std::erase_if(clients_, [now](const Client& client) {
      const auto state = client.connection.state();
      return state == Connection::State::kDone ||
             (state != Connection::State::kAsked && client.connection.deadline() <= now);
    });
    if (polled_[1].revents != 0) Accept(now);
  }
}

void AdminServer::Impl::Wait() {
  polled_.assign({{wake_fd_, POLLIN, 0}, {listen_fd_, POLLIN, 0}});
  TimePoint next = Now() + std::chrono::minutes(1);
  for (const Client& client : clients_) {
    const bool asked = client.connection.state() == Connection::State::kAsked;
    // poll ignores a negative descriptor: a peer that closed would wake the loop all the time.
    polled_.push_back({asked ? -1 : client.connection.fd(), client.connection.events(), 0});
    if (!asked) next = std::min(next, client.connection.deadline());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Now()).count();
  const int found = poll(polled_.data(), polled_.size(), static_cast<int>(std::max(0L, left)));
  if (found < 0) {
    for (pollfd& one : polled_) one.revents = 0;
  }
}

void AdminServer::Impl::Accept(TimePoint now) {
  // At most as many as there is room for: more at once would drop each other before they are read.
  for (size_t i = 0; i < kConnectionsMax; ++i) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (clients_.size() == kConnectionsMax) MakeRoom();
    Client& client = clients_.emplace_back(fd, now);
    client.connection.OnReady(now);  // its request has mostly arrived already
    if (client.connection.state() == Connection::State::kAsked) Dispatch(now, client);
  }
}

// A client with a request gets its answer; one without a request is closed.
void AdminServer::Impl::MakeRoom() {
  const auto idle = std::ranges::find_if(clients_, [](const Client& client) {
    return client.connection.state() == Connection::State::kReading;
  });
  clients_.erase(idle != clients_.end() ? idle : clients_.begin());
}

void AdminServer::Impl::Dispatch(TimePoint now, Client& client) {
  Connection& connection = client.connection;
  const auto answer_state = [&](const std::function<std::string()>& problem,
                                std::string_view good) {
    const std::string reason = problem ? problem() : "";
    if (reason.empty()) return connection.Answer(now, 200, kText, good);
    connection.Answer(now, 503, kText, reason + "\n");
  };
  if (connection.path() == "/healthz") {
    answer_state(hooks_.not_alive, "ok\n");
  } else if (connection.path() == "/readyz") {
    answer_state(hooks_.not_ready, "ready\n");
  } else if (connection.path() == "/metrics") {
    client.scrape = Scrape::kNext;
    if (!scraping_) BeginScrape();
  } else {
    connection.Answer(now, 404, kText, "not found; there are /metrics, /healthz and /readyz\n");
  }
}

void AdminServer::Impl::BeginScrape() {
  for (Client& client : clients_) {
    if (client.scrape == Scrape::kNext) {
      client.scrape = Scrape::kUnderWay;
      scraping_ = true;
    }
  }
  if (scraping_) scraper_.Ask();
}

void AdminServer::Impl::TakeScrape(TimePoint now) {
  const auto text = scraper_.Take();
  if (!text) return;
  scraping_ = false;
  for (Client& client : clients_) {
    if (client.scrape != Scrape::kUnderWay) continue;
    client.scrape = Scrape::kNone;
    client.connection.Answer(now, 200, kExposition, *text);
  }
  BeginScrape();
}

AdminServer::AdminServer(Hooks hooks) : impl_(std::make_unique<Impl>(std::move(hooks))) {}
AdminServer::~AdminServer() = default;
void AdminServer::Bind(const std::string& flag, const BindAddress& address) {
  impl_->Bind(flag, address);
}
void AdminServer::Serve() { impl_->Serve(); }
uint16_t AdminServer::port() const { return impl_->port(); }
void AdminServer::Stop() { impl_->Stop(); }

}  // namespace lowband
