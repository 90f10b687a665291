// Back-pressure: 64 MB through the relay, with a side that stops again and again. What the fast
// side was rid of never runs ahead of what the slow side has taken by more than a few buffers.
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <fstream>

#include "tests/integration/relay_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests

constexpr size_t kSize = size_t{64} << 20;
constexpr size_t kPause = size_t{4} << 20;  ///< The slow side stops each time it has taken so much.
constexpr size_t kAheadMax = size_t{1} << 20;
constexpr milliseconds kStill{50};  ///< Nothing moved for so long: everybody waits.

/// Byte `i` of the body, cheap and without a period that a buffer could hide.
char ByteAt(size_t i) { return static_cast<char>((i * 0x9e3779b97f4a7c15ULL) >> 56); }

std::string Piece(size_t from, size_t size) {
  std::string piece(size, '\0');
  for (size_t i = 0; i < size; ++i) piece[i] = ByteAt(from + i);
  return piece;
}

/// Bytes that the kernel holds for whoever is connected to a loopback port. It lets receive buffers
/// grow by itself, more or less from run to run, up to tcp_rmem; they are not the relay's.
size_t KernelHolds(uint16_t port) {
  if (port == 0) return 0;
  std::ifstream table("/proc/net/tcp");
  std::string line;
  size_t held = 0;
  while (std::getline(table, line)) {
    unsigned remote_port = 0;
    size_t unread = 0;
    // sl local remote state tx_queue:rx_queue
    if (std::sscanf(line.c_str(), " %*u: %*x:%*x %*x:%x %*x %*x:%zx", &remote_port, &unread) == 2 &&
        remote_port == port) {
      held += unread;
    }
  }
  return held;
}

/// What both ends have counted.
class Meter {
 public:
  /// The sender is a homeserver on that port: what the kernel holds of it is left out.
  void LeaveOutKernelsShare(uint16_t port) { port_ = port; }
  void Sent(size_t bytes) { sent_ += bytes; }
  /// Checks the bytes; at each pause waits until the sender is stuck.
  void Took(std::string_view bytes) {
    if (bytes != Piece(taken_, bytes.size())) ++wrong_;
    taken_ += bytes.size();
    if (taken_ < next_pause_) return;
    next_pause_ += kPause;
    WaitUntilStill();
    const size_t sent = sent_ - std::min<size_t>(sent_, KernelHolds(port_));
    if (sent > taken_) ahead_most_ = std::max(ahead_most_, sent - taken_);
  }
  size_t taken() const { return taken_; }
  size_t ahead_most() const { return ahead_most_; }
  int wrong() const { return wrong_; }

 private:
  void WaitUntilStill() {
    std::unique_lock lock(mutex_);
    for (size_t before = kSize + 1; before != sent_ && sent_ < kSize;) {
      before = sent_;
      nothing_.wait_for(lock, kStill);
    }
  }

  std::atomic<uint16_t> port_{0};
  std::atomic<size_t> sent_{0};
  size_t taken_ = 0;
  size_t next_pause_ = kPause;
  size_t ahead_most_ = 0;
  int wrong_ = 0;
  std::mutex mutex_;
  std::condition_variable nothing_;
};

/// The kernel's own buffers are not the relay's.
void Shrink(HttpConnection& connection) {
  const int bytes = 64 * 1024;
  setsockopt(connection.fd(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  setsockopt(connection.fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

TEST(RelayFlow, SlowClientThenTheHomeserverIsHeldBack) {
  for (const bool chunked : {false, true}) {
    Meter meter;
    HttpServer server([&](HttpConnection& connection) {
      Shrink(connection);
      connection.Read();
      connection.Send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) +
                                    "\r\n\r\n");
      for (size_t at = 0; at < kSize; at += 0x8000) {
        if (chunked) connection.Send("8000\r\n");
        connection.Send(Piece(at, 0x8000));
        if (chunked) connection.Send("\r\n");
        meter.Sent(0x8000);
      }
      if (chunked) connection.Send("0\r\n\r\n");
      connection.WaitForClose();
    });
    meter.LeaveOutKernelsShare(server.port());
    Gateway gateway(server.url());
    Call call(gateway, Asked{});
    call.End();
    EXPECT_EQ(call.Head().status(), 200u);
    while (const auto chunk = call.Next()) meter.Took(chunk->data());
    EXPECT_EQ(Show(call.Finish()), "0");
    EXPECT_EQ(meter.taken(), kSize);
    EXPECT_EQ(meter.wrong(), 0);
    EXPECT_LT(meter.ahead_most(), kAheadMax);
    std::printf("download: at most %zu KiB ahead\n", meter.ahead_most() / 1024);
  }
}

TEST(RelayFlow, SlowHomeserverThenTheClientIsHeldBack) {
  Meter meter;
  HttpServer server([&](HttpConnection& connection) {
    Shrink(connection);
    connection.ReadHead();
    while (meter.taken() < kSize) {
      const std::string some = connection.ReadSome();
      if (some.empty()) return;
      meter.Took(some);
    }
    connection.Send(Reply(200, "thanks"));
  });
  Gateway gateway(server.url());
  Call call(gateway, {.method = "POST", .has_body = true, .length = kSize});
  for (size_t at = 0; at < kSize; at += contract::kChunkBytesMax) {
    ASSERT_TRUE(call.Data(Piece(at, contract::kChunkBytesMax)));
    meter.Sent(contract::kChunkBytesMax);
  }
  call.End();
  EXPECT_EQ(Take(call).body, "thanks");
  EXPECT_EQ(meter.wrong(), 0);
  EXPECT_LT(meter.ahead_most(), kAheadMax);
  std::printf("upload: at most %zu KiB ahead\n", meter.ahead_most() / 1024);
}

}  // namespace
}  // namespace lowband::translator
