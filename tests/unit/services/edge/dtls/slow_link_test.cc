// First contact on slow links: handshakes over a line that takes its time for each byte, both ways,
// in virtual time. The real server; the real client's channel, and one that repeats each second.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "libs/client/dtls_channel.h"
#include "libs/tls/link_time.h"
#include "services/edge/dtls/plaintext.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SocketAddress kClient = Address("198.51.100.7");
constexpr Duration kOneWay = milliseconds(300);

// One direction: a queue without end, a rate, a distance.
class Line {
 public:
  /// 0 bit/s is a line without delay.
  explicit Line(uint64_t bits_per_second) : rate_(bits_per_second) {}

  void Put(TimePoint now, ByteView datagram) {
    const size_t size = datagram.size() + tls::kDatagramHeaderBytes;
    bytes += size;
    ++datagrams;
    free_ = std::max(free_, now);
    if (rate_ != 0) {
      free_ += std::chrono::duration_cast<Duration>(
          std::chrono::nanoseconds(static_cast<int64_t>(size * 8 * 1'000'000'000ULL / rate_)));
    }
    arriving_.emplace_back(free_ + (rate_ == 0 ? Duration::zero() : kOneWay),
                           Bytes(datagram.begin(), datagram.end()));
  }
  std::optional<TimePoint> next() const {
    if (arriving_.empty()) return std::nullopt;
    return arriving_.front().first;
  }
  Bytes Take() {
    Bytes out = std::move(arriving_.front().second);
    arriving_.pop_front();
    return out;
  }

  size_t bytes = 0;
  size_t datagrams = 0;

 private:
  uint64_t rate_;
  TimePoint free_{};
  std::deque<std::pair<TimePoint, Bytes>> arriving_;
};

// What either kind of client is to the link.
struct End {
  std::function<void(TimePoint)> start;
  std::function<void(TimePoint, ByteView)> receive;
  std::function<void(TimePoint)> advance;
  std::function<std::optional<TimePoint>()> deadline;
  std::function<std::optional<Bytes>()> poll;
  std::function<bool()> connected;
  std::function<bool()> failed;
};

End EndOf(client::DtlsChannel& channel) {
  return {
      .start = [&](TimePoint now) { channel.Start(now); },
      .receive = [&](TimePoint now, ByteView datagram) { channel.Receive(now, datagram); },
      .advance = [&](TimePoint now) { channel.Advance(now); },
      .deadline = [&] { return channel.NextDeadline(); },
      .poll = [&]() -> std::optional<Bytes> {
        const auto datagram = channel.PollDatagram();
        if (!datagram) return std::nullopt;
        return Bytes(datagram->begin(), datagram->end());
      },
      .connected = [&] { return channel.state() == client::DtlsChannel::State::kReady; },
      .failed = [&] { return channel.state() == client::DtlsChannel::State::kClosed; },
  };
}

End EndOf(DtlsPeer& peer) {
  return {
      .start = [&](TimePoint now) { peer.Advance(now); },
      .receive = [&](TimePoint now, ByteView datagram) { peer.Receive(now, datagram); },
      .advance = [&](TimePoint now) { peer.Advance(now); },
      .deadline = [&] { return peer.deadline(); },
      .poll = [&]() -> std::optional<Bytes> {
        if (peer.outgoing.empty()) return std::nullopt;
        Bytes out = std::move(peer.outgoing.front());
        peer.outgoing.pop_front();
        return out;
      },
      .connected = [&] { return peer.connected(); },
      .failed = [&] { return peer.error() != 0; },
  };
}

struct Outcome {
  bool connected = false;
  double seconds = 0;
  size_t up = 0;
  size_t down = 0;
};

struct Chain {
  const char* name;
  IdentitySpec spec;
};
// Sizes of what public authorities issue: a leaf alone; leaf and intermediate, each with its key.
const Chain kChains[] = {
    {"P-256 leaf", {}},
    {"ECDSA chain", {.self_signed = false, .authorities = 1, .padding_bytes = 1200}},
    {"RSA chain",
     {.key = KeyKind::kRsa2048,
      .signed_by_key = KeyKind::kRsa2048,
      .self_signed = false,
      .authorities = 1,
      .padding_bytes = 1500}},
};

class SlowLinkTest : public ServerTest, public testing::WithParamInterface<uint64_t> {
 protected:
  void Use(const Chain& chain) {
    files = WriteIdentity(folder, *random, chain.spec);
    credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  }

  // Until both sides have finished and the line is empty, or the client gives up.
  Outcome Run(uint64_t rate, End end) {
    Restart({});
    Line up(rate);
    Line down(rate);
    const TimePoint begin = now;
    Outcome out;
    end.start(now);
    while (true) {
      while (auto datagram = end.poll()) up.Put(now, *datagram);
      while (server->PollEvent()) {
      }
      while (auto transmit = server->PollTransmit()) down.Put(now, transmit->datagram);
      if (end.connected() && !out.connected) {
        out.connected = true;
        out.seconds = std::chrono::duration<double>(now - begin).count();
      }
      if (end.failed()) break;
      std::optional<TimePoint> next = Earlier(up.next(), down.next());
      // Once connected only what is on the line still counts.
      if (!out.connected) {
        next = Earlier(next, Earlier(server->NextDeadline(), end.deadline()));
      }
      if (!next) break;
      now = std::max(now, *next);
      if (up.next() && *up.next() <= now) {
        server->Receive(now, kClient, up.Take());
      } else if (down.next() && *down.next() <= now) {
        end.receive(now, down.Take());
      } else {
        server->Advance(now);
        if (end.deadline() && *end.deadline() <= now) end.advance(now);
      }
    }
    out.up = up.bytes;
    out.down = down.bytes;
    now += std::chrono::minutes(10);
    return out;
  }
  Outcome RunClient(uint64_t rate) {
    client::Config config;
    auto channel = client::DtlsChannel::Create(config, *random);
    EXPECT_TRUE(channel);
    return Run(rate, EndOf(**channel));
  }
  Outcome RunRepeating(uint64_t rate) {
    DtlsPeer peer(*random, {.repeats_each = seconds(1)});
    return Run(rate, EndOf(peer));
  }
};

// The table of docs/interop.md; run with --gtest_filter=*SlowLink* to print it anew.
TEST_P(SlowLinkTest, ClientThenConnectsWithTheBytesOfAFastLink) {
  for (const Chain& chain : kChains) {
    SCOPED_TRACE(chain.name);
    Use(chain);
    const Outcome ideal = RunClient(0);
    const Outcome slow = RunClient(GetParam());
    ASSERT_TRUE(slow.connected);
    std::printf("| %llu | %s | Lowband's client | %.1f s | %zu | %zu | %zu |\n",
                static_cast<unsigned long long>(GetParam()), chain.name, slow.seconds, slow.up,
                slow.down, ideal.up + ideal.down);
    EXPECT_LE(10 * (slow.up + slow.down), 11 * (ideal.up + ideal.down));
  }
}

TEST_P(SlowLinkTest, ClientThatRepeatsEachSecondThenGetsTheServersFlightOnce) {
  for (const Chain& chain : kChains) {
    SCOPED_TRACE(chain.name);
    Use(chain);
    const Outcome ideal = RunRepeating(0);
    const Outcome slow = RunRepeating(GetParam());
    ASSERT_TRUE(slow.connected);
    std::printf("| %llu | %s | repeats each second | %.1f s | %zu | %zu | %zu |\n",
                static_cast<unsigned long long>(GetParam()), chain.name, slow.seconds, slow.up,
                slow.down, ideal.up + ideal.down);
    // What a client sends before it has proved its address is answered each time, by a cookie.
    const size_t cookies = counters().verify_requests_sent;
    const size_t cookie_bytes = kVerifyRequestBytes + tls::kDatagramHeaderBytes;
    // Its last flight, which it repeats while ours is on the line, is answered once more at most.
    constexpr size_t kLastFlightBytes = 120;
    EXPECT_LE(10 * (slow.down - (cookies - 1) * cookie_bytes),
              11 * ideal.down + 10 * kLastFlightBytes);
  }
}

INSTANTIATE_TEST_SUITE_P(BitsPerSecond, SlowLinkTest, testing::Values(1200, 2400, 4800, 9600));

}  // namespace
}  // namespace lowband::edge::dtls
