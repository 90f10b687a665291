// canned-homeserver: answers the benchmarks' requests from memory, at minimal cost, so that the
// benchmarks measure the gateway. One thread, epoll, HTTP/1.1 with keep-alive and pipelining.
// Supports only Content-Length, which HTTP clients with a whole body use.
//
// Usage: canned-homeserver [PORT]; prints `listening on 127.0.0.1:PORT`.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "bench/canned_bodies.h"

namespace lowband::bench {
namespace {

constexpr size_t kRequestMax = 1 << 20;  // bytes of one request, head and body
constexpr size_t kReadSize = 64 << 10;

/// The value of Content-Length in a head; 0 if there is none.
size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  for (size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    if (strncasecmp(head.data() + at, kName.data(), kName.size()) == 0) {
      return std::strtoul(head.data() + at + kName.size(), nullptr, 10);
    }
  }
  return 0;
}

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Reads the available data and answers every complete request. False: the connection is over.
  bool Serve(const CannedAnswers& answers) {
    std::array<char, kReadSize> buffer;
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    in_.append(buffer.data(), static_cast<size_t>(got));
    std::string out;
    while (const size_t size = WholeRequest()) {
      const std::string_view line = std::string_view(in_).substr(0, in_.find("\r\n"));
      const size_t first = line.find(' ');
      const size_t second = line.find(' ', first + 1);
      if (second == std::string_view::npos) return false;
      out += answers.For(line.substr(0, first), line.substr(first + 1, second - first - 1));
      in_.erase(0, size);
    }
    return in_.size() <= kRequestMax && Write(out);
  }

 private:
  /// The size of the request at the beginning of in_; 0 if it is incomplete.
  size_t WholeRequest() const {
    const size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const size_t size = head + 4 + ContentLength(std::string_view(in_).substr(0, head + 2));
    return size <= in_.size() ? size : 0;
  }

  /// Blocking: an answer fits the socket's buffer, or waits for its one reader.
  bool Write(std::string_view out) const {
    while (!out.empty()) {
      const ssize_t sent = send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      out.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  int fd_;
  std::string in_;
};

/// A listening socket on 127.0.0.1; its port goes to stdout.
int Listen(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, raw, size) != 0 || listen(fd, SOMAXCONN) != 0 || getsockname(fd, raw, &size) != 0) {
    std::perror("canned-homeserver");
    std::exit(2);
  }
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

[[noreturn]] void Run(int listener) {
  const CannedAnswers answers;
  std::map<int, Connection> connections;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [&](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener);
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        const int accepted = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        const int on = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connections.try_emplace(accepted, accepted);
        watch(accepted);
      } else if (const auto found = connections.find(fd); !found->second.Serve(answers)) {
        connections.erase(found);  // closing takes it out of the epoll set
      }
    }
  }
}

}  // namespace
}  // namespace lowband::bench

int main(int argc, char** argv) {
  const unsigned long port = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 0;
  lowband::bench::Run(lowband::bench::Listen(static_cast<uint16_t>(port)));
}
