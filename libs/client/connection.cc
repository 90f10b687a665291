#include "libs/client/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>
#include <variant>

#include "libs/client/udp_socket.h"

namespace lowband::client {
namespace {

constexpr size_t kUdpPayloadMax = 65536;
// A turn of the loop also serves timers, with any number of datagrams.
constexpr unsigned kReadsPerTurn = 64;

TimePoint Now() { return std::chrono::steady_clock::now(); }

// May end early (signals); callers check the clock. True: woken.
bool WaitReadable(int fd, int wake_fd, Duration wait) {
  const auto whole =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(wait, Duration::zero()));
  timespec limit{};
  limit.tv_sec = whole.count() / 1'000'000'000;
  limit.tv_nsec = whole.count() % 1'000'000'000;
  std::array<pollfd, 2> entries = {pollfd{fd, POLLIN, 0}, pollfd{wake_fd, POLLIN, 0}};
  ppoll(entries.data(), entries.size(), &limit, nullptr);
  return entries[1].revents != 0;
}

}  // namespace

class Connection::Impl {
 public:
  Impl(std::vector<SocketAddress> addresses, UdpSocket socket, const Config& config, int wake_fd)
      : addresses_(std::move(addresses)),
        socket_(std::move(socket)),
        wake_fd_(wake_fd),
        random_(MakeSystemRandom()),
        session_(config, *random_),
        buffer_(kUdpPayloadMax) {}

  std::optional<std::string> Handshake();
  Result<Response, std::string> Exchange(Request request, Duration timeout);
  std::optional<Event> Wait(Duration wait);
  Result<void, std::string> Rebind();
  void Close();

  Session& session() { return session_; }
  const Connected& connected() const { return connected_; }
  const SocketAddress& server() const { return addresses_[address_]; }
  uint16_t local_port() const { return socket_.local_port(); }

 private:
  std::optional<Event> Next(TimePoint deadline);
  void Transmit();
  void SendOne(ByteView datagram);
  void ReadSome();
  void OnRefused();
  void Remember(const Event& event);

  std::vector<SocketAddress> addresses_;
  size_t address_ = 0;
  UdpSocket socket_;
  int wake_fd_;
  bool woken_ = false;
  std::unique_ptr<Random> random_;
  Session session_;
  Bytes buffer_;
  std::deque<Event> held_;          ///< Events of other requests that came during Exchange.
  bool heard_ = false;              ///< A datagram came from the server.
  std::vector<Bytes> unconfirmed_;  ///< Datagrams sent before that, for the next address.
  Connected connected_;
  std::string ended_;  ///< The reason why the connection ended.
  bool told_end_ = false;
  bool closed_ = false;
};

std::optional<std::string> Connection::Impl::Handshake() {
  session_.Connect(Now());
  // The session itself limits the handshake.
  for (;;) {
    auto event = Next(TimePoint::max());
    if (auto* connected = event ? std::get_if<Connected>(&*event) : nullptr) {
      connected_ = std::move(*connected);
      return std::nullopt;
    }
    if (!ended_.empty()) return ended_;
    if (woken_) return "interrupted";
  }
}

std::optional<Event> Connection::Impl::Next(TimePoint deadline) {
  for (;;) {
    Transmit();
    if (auto event = session_.PollEvent()) {
      Remember(*event);
      return event;
    }
    const TimePoint now = Now();
    if (now >= deadline || !ended_.empty()) return std::nullopt;
    TimePoint until = deadline;
    if (const auto own = session_.NextDeadline()) until = std::min(until, *own);
    // An hour serves as no limit: arithmetic with TimePoint::max() would overflow.
    woken_ = WaitReadable(socket_.fd(), wake_fd_,
                          std::min<Duration>(until - now, std::chrono::hours(1)));
    ReadSome();
    session_.Advance(Now());
    // Events that have come meanwhile are returned first.
    if (woken_) deadline = now;
  }
}

void Connection::Impl::Remember(const Event& event) {
  const auto* end = std::get_if<Disconnected>(&event);
  if (end == nullptr) return;
  ended_ = end->detail;
  told_end_ = true;
}

void Connection::Impl::Transmit() {
  while (const auto datagram = session_.PollTransmit()) {
    if (!heard_ && address_ + 1 < addresses_.size()) {
      unconfirmed_.emplace_back(datagram->begin(), datagram->end());
    }
    SendOne(*datagram);
  }
}

void Connection::Impl::SendOne(ByteView datagram) {
  // An error of an earlier datagram is reported once here, and this one was not sent.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto status = socket_.Send(datagram);
    if (status != UdpSocket::Status::kRefused) return;  // a lost datagram will be retransmitted
    if (!heard_) {
      OnRefused();
      return;
    }
  }
}

void Connection::Impl::ReadSome() {
  for (unsigned reads = 0; reads < kReadsPerTurn; ++reads) {
    ByteView datagram;
    switch (socket_.Receive(buffer_, datagram)) {
      case UdpSocket::Status::kOk:
        heard_ = true;
        unconfirmed_.clear();
        session_.Receive(Now(), datagram);
        Transmit();
        break;
      case UdpSocket::Status::kRefused:
        // A server that answered before may come back: a restart takes less time than the
        // retransmissions.
        if (!heard_) OnRefused();
        return;
      case UdpSocket::Status::kEmpty:
      case UdpSocket::Status::kFailed: return;
    }
  }
}

void Connection::Impl::OnRefused() {
  while (address_ + 1 < addresses_.size()) {
    ++address_;
    auto socket = UdpSocket::Open(addresses_[address_]);
    if (!socket) continue;
    socket_ = std::move(*socket);
    for (const Bytes& datagram : unconfirmed_) socket_.Send(datagram);
    return;
  }
  if (ended_.empty()) ended_ = "nothing listens at UDP " + server().Text();
}

std::optional<Event> Connection::Impl::Wait(Duration wait) {
  if (!held_.empty()) {
    Event event = std::move(held_.front());
    held_.pop_front();
    return event;
  }
  auto event = Next(Now() + wait);
  // The session does not see a refusal by the server's machine.
  if (!event && !ended_.empty() && !std::exchange(told_end_, true)) return Disconnected{ended_};
  return event;
}

Result<Response, std::string> Connection::Impl::Exchange(Request request, Duration timeout) {
  const TimePoint deadline = Now() + timeout;
  const RequestId id = session_.Send(Now(), std::move(request));
  while (auto event = Next(deadline)) {
    if (auto* response = std::get_if<Response>(&*event); response && response->id == id) {
      return std::move(*response);
    }
    if (const auto* failed = std::get_if<RequestFailed>(&*event); failed && failed->id == id) {
      // The event with the reason of the closed connection follows at once.
      if (failed->failure == Failure::kClosed && ended_.empty()) Next(Now());
      const bool closed = failed->failure == Failure::kClosed && !ended_.empty();
      return lowband::Failure(closed ? ended_ : std::string(Text(failed->failure)));
    }
    held_.push_back(std::move(*event));
  }
  session_.Cancel(id);
  if (!ended_.empty()) return lowband::Failure(ended_);
  return lowband::Failure(std::string("no answer within the time limit"));
}

Result<void, std::string> Connection::Impl::Rebind() {
  auto socket = UdpSocket::Open(server());
  if (!socket) return lowband::Failure(socket.error());
  socket_ = std::move(*socket);
  return {};
}

void Connection::Impl::Close() {
  if (std::exchange(closed_, true)) return;
  session_.Close(Now());
  Transmit();
}

Result<std::unique_ptr<Connection>, std::string> Connection::Open(const std::string& host,
                                                                  uint16_t port, Config config,
                                                                  int wake_fd) {
  auto addresses = Resolve(host, port);
  if (!addresses) return lowband::Failure(addresses.error());
  // A machine without IPv6 refuses those addresses at once.
  auto socket = UdpSocket::Open(addresses->front());
  while (!socket && addresses->size() > 1) {
    addresses->erase(addresses->begin());
    socket = UdpSocket::Open(addresses->front());
  }
  if (!socket) return lowband::Failure(socket.error());
  if (config.server_name.empty()) config.server_name = host;
  auto impl = std::make_unique<Impl>(std::move(*addresses), std::move(*socket), config, wake_fd);
  if (const auto problem = impl->Handshake()) {
    return lowband::Failure("cannot connect to " + host + " port " + std::to_string(port) + ": " +
                            *problem);
  }
  return std::make_unique<Connection>(std::move(impl));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() { Close(); }
Result<Response, std::string> Connection::Exchange(Request request, Duration timeout) {
  return impl_->Exchange(std::move(request), timeout);
}
std::optional<Event> Connection::Wait(Duration wait) { return impl_->Wait(wait); }
Session& Connection::session() { return impl_->session(); }
const Connected& Connection::connected() const { return impl_->connected(); }
const SocketAddress& Connection::server() const { return impl_->server(); }
uint16_t Connection::local_port() const { return impl_->local_port(); }
Result<void, std::string> Connection::Rebind() { return impl_->Rebind(); }
void Connection::Close() { impl_->Close(); }

}  // namespace lowband::client
