#include "tests/support/udp_relay.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/random.h"

namespace lowband::test {
namespace {

constexpr uint64_t kWakeTag = 0;
constexpr uint64_t kFrontTag = 1;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Descriptor OpenSocket(int family) {
  return Descriptor(socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace

class UdpRelay::Impl {
 public:
  Impl(const SocketAddress& server, const RelayFaults& faults, uint64_t seed)
      : server_(server), faults_(faults), random_(MakeSeededRandom(seed)) {}
  ~Impl();

  std::optional<std::string> Listen();
  void Run();

  uint16_t port() const { return port_; }
  void SetFaults(const RelayFaults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
  }
  void Rebind() {
    rebind_ = true;
    Wake();
  }
  RelayCounters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  struct Client {
    SocketAddress address;
    Descriptor upstream;
  };
  struct Delayed {
    uint64_t client;
    bool to_server;
    Bytes datagram;
  };

  void Wake();
  int WaitMs() const;
  void ReadFront();
  void ReadUpstream(uint64_t client);
  void RebindAll();
  Client* FindOrAdd(const SocketAddress& address, uint64_t& tag);
  bool OpenUpstream(Client& client, uint64_t tag);
  void Pass(uint64_t client, bool to_server, ByteView datagram);
  void Queue(uint64_t client, bool to_server, ByteView datagram, Duration delay);
  void DeliverDue(TimePoint now);
  void Deliver(const Delayed& delayed);
  bool Watch(int fd, uint64_t tag);

  const SocketAddress server_;
  mutable std::mutex mutex_;  ///< Guards faults_ and counters_.
  RelayFaults faults_;
  RelayCounters counters_;
  std::unique_ptr<Random> random_;
  Descriptor epoll_, wake_, front_;
  uint16_t port_ = 0;
  std::unordered_map<uint64_t, Client> clients_;
  std::map<SocketAddress, uint64_t> tags_;
  uint64_t next_tag_ = kFrontTag + 1;
  std::multimap<TimePoint, Delayed> delayed_;
  std::array<uint8_t, 65536> buffer_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> rebind_{false};
  std::thread thread_;
};

std::optional<std::string> UdpRelay::Impl::Listen() {
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  front_ = OpenSocket(AF_INET);
  sockaddr_storage raw{};
  socklen_t size = SocketAddress::FromLiteral("127.0.0.1", 0)->ToSockaddr(AF_INET, raw);
  auto* address = reinterpret_cast<sockaddr*>(&raw);
  if (bind(front_.get(), address, size) != 0 || getsockname(front_.get(), address, &size) != 0 ||
      !Watch(wake_.get(), kWakeTag) || !Watch(front_.get(), kFrontTag)) {
    return std::string("cannot start a UDP relay: ") + std::strerror(errno);
  }
  port_ = SocketAddress::FromSockaddr(raw).port();
  thread_ = std::thread([this] { Run(); });
  return std::nullopt;
}

UdpRelay::Impl::~Impl() {
  stop_ = true;
  Wake();
  if (thread_.joinable()) thread_.join();
}

bool UdpRelay::Impl::Watch(int fd, uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void UdpRelay::Impl::Wake() {
  const uint64_t one = 1;
  static_cast<void>(!write(wake_.get(), &one, sizeof(one)));
}

int UdpRelay::Impl::WaitMs() const {
  if (delayed_.empty()) return -1;
  const auto left = delayed_.begin()->first - std::chrono::steady_clock::now();
  if (left <= Duration::zero()) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void UdpRelay::Impl::Run() {
  std::array<epoll_event, 64> events;
  while (!stop_) {
    const int ready = epoll_wait(epoll_.get(), events.data(), events.size(), WaitMs());
    if (rebind_.exchange(false)) RebindAll();
    for (int i = 0; i < ready; ++i) {
      const uint64_t tag = events[static_cast<size_t>(i)].data.u64;
      if (tag == kWakeTag) {
        uint64_t count = 0;
        static_cast<void>(!read(wake_.get(), &count, sizeof(count)));
      } else if (tag == kFrontTag) {
        ReadFront();
      } else {
        ReadUpstream(tag);
      }
    }
    DeliverDue(std::chrono::steady_clock::now());
  }
}

void UdpRelay::Impl::ReadFront() {
  for (;;) {
    sockaddr_storage raw{};
    socklen_t size = sizeof(raw);
    const ssize_t got = recvfrom(front_.get(), buffer_.data(), buffer_.size(), 0,
                                 reinterpret_cast<sockaddr*>(&raw), &size);
    if (got < 0) return;
    uint64_t tag = 0;
    if (FindOrAdd(SocketAddress::FromSockaddr(raw), tag) == nullptr) {
      const std::lock_guard lock(mutex_);
      ++counters_.overflowed;
      continue;
    }
    Pass(tag, true, ByteView(buffer_.data(), static_cast<size_t>(got)));
  }
}

void UdpRelay::Impl::ReadUpstream(uint64_t client) {
  const auto it = clients_.find(client);
  if (it == clients_.end()) return;
  for (;;) {
    const ssize_t got = recv(it->second.upstream.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) return;  // nothing more, or an ICMP error: a relay passes none on
    Pass(client, false, ByteView(buffer_.data(), static_cast<size_t>(got)));
  }
}

UdpRelay::Impl::Client* UdpRelay::Impl::FindOrAdd(const SocketAddress& address, uint64_t& tag) {
  const auto known = tags_.find(address);
  if (known != tags_.end()) {
    tag = known->second;
    return &clients_.at(tag);
  }
  if (clients_.size() >= kClientsMax) return nullptr;
  tag = next_tag_++;
  Client client{address, Descriptor()};
  if (!OpenUpstream(client, tag)) return nullptr;
  tags_.emplace(address, tag);
  return &clients_.emplace(tag, std::move(client)).first->second;
}

bool UdpRelay::Impl::OpenUpstream(Client& client, uint64_t tag) {
  const int family = server_.is_ipv4() ? AF_INET : AF_INET6;
  Descriptor fresh = OpenSocket(family);
  sockaddr_storage raw{};
  const socklen_t size = server_.ToSockaddr(family, raw);
  if (fresh.get() < 0 || connect(fresh.get(), reinterpret_cast<const sockaddr*>(&raw), size) != 0 ||
      !Watch(fresh.get(), tag)) {
    return false;
  }
  // Closing the old one takes it out of the epoll set.
  client.upstream = std::move(fresh);
  return true;
}

void UdpRelay::Impl::RebindAll() {
  for (auto& [tag, client] : clients_) {
    if (OpenUpstream(client, tag)) continue;
    const std::lock_guard lock(mutex_);
    ++counters_.overflowed;
  }
}

void UdpRelay::Impl::Pass(uint64_t client, bool to_server, ByteView datagram) {
  const std::lock_guard lock(mutex_);
  ++counters_.received;
  if (random_->Unit() < faults_.loss) {
    ++counters_.lost;
    return;
  }
  unsigned copies = 1;
  if (random_->Unit() < faults_.duplicate) {
    ++counters_.duplicated;
    copies = 2;
  }
  for (unsigned copy = 0; copy < copies; ++copy) {
    const double spread = random_->Unit();
    Duration delay = faults_.delay_min + std::chrono::duration_cast<Duration>(
                                             (faults_.delay_max - faults_.delay_min) * spread);
    if (random_->Unit() < faults_.reorder) {
      ++counters_.reordered;
      delay += faults_.reorder_delay;
    }
    Queue(client, to_server, datagram, delay);
  }
}

// With mutex_ held.
void UdpRelay::Impl::Queue(uint64_t client, bool to_server, ByteView datagram, Duration delay) {
  if (delayed_.size() >= kDelayedMax) {
    ++counters_.overflowed;
    return;
  }
  delayed_.emplace(std::chrono::steady_clock::now() + delay,
                   Delayed{client, to_server, Bytes(datagram.begin(), datagram.end())});
}

void UdpRelay::Impl::DeliverDue(TimePoint now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    Deliver(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  }
}

void UdpRelay::Impl::Deliver(const Delayed& delayed) {
  const Client& client = clients_.at(delayed.client);
  ssize_t sent = 0;
  if (delayed.to_server) {
    sent = send(client.upstream.get(), delayed.datagram.data(), delayed.datagram.size(), 0);
  } else {
    sockaddr_storage raw{};
    const socklen_t size = client.address.ToSockaddr(AF_INET, raw);
    sent = sendto(front_.get(), delayed.datagram.data(), delayed.datagram.size(), 0,
                  reinterpret_cast<const sockaddr*>(&raw), size);
  }
  const std::lock_guard lock(mutex_);
  if (sent >= 0) ++counters_.forwarded;
}

Result<std::unique_ptr<UdpRelay>, std::string> UdpRelay::Start(const SocketAddress& server,
                                                               RelayFaults faults, uint64_t seed) {
  auto impl = std::make_unique<Impl>(server, faults, seed);
  if (auto problem = impl->Listen()) return Failure(std::move(*problem));
  return std::make_unique<UdpRelay>(std::move(impl));
}

UdpRelay::UdpRelay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpRelay::~UdpRelay() = default;
uint16_t UdpRelay::port() const { return impl_->port(); }
void UdpRelay::SetFaults(const RelayFaults& faults) { impl_->SetFaults(faults); }
void UdpRelay::Rebind() { impl_->Rebind(); }
RelayCounters UdpRelay::counters() const { return impl_->counters(); }

}  // namespace lowband::test
