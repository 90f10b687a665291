// How long 500 KB take over a link of a given round trip and loss, in virtual time: for the
// deployed phones and for our own client, beside the edge. The figures of docs/slow-links.md are
// what this prints.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "libs/client/session.h"
#include "tests/lockstep/go_client.h"
#include "tests/support/layers_rig.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SessionId kSession{1};
constexpr size_t kBodyBytes = 500'000;
/// Every datagram pays for DTLS (37 bytes with AES-128-GCM) and UDP over IPv4 (28).
constexpr size_t kDatagramOverhead = 65;

struct Link {
  double loss = 0;
  Duration round_trip{};
  size_t datagram_bytes_max = 1500;  ///< With headers; larger ones are lost.
};

struct Outcome {
  bool whole = false;
  double seconds = 0;
  size_t datagrams = 0;
  size_t bytes = 0;
};

/// A client of whichever kind, as the link sees it.
class Downloader {
 public:
  virtual ~Downloader() = default;
  virtual void Start(TimePoint now) = 0;
  virtual void Receive(TimePoint now, ByteView datagram) = 0;
  virtual void Advance(TimePoint now) = 0;
  virtual std::optional<TimePoint> NextDeadline() = 0;
  virtual std::optional<Bytes> TakeSent() = 0;
  /// The body, once it is there; empty when the download failed.
  virtual std::optional<Bytes> TakeBody() = 0;
};

class DeployedPhone : public Downloader {
 public:
  explicit DeployedPhone(Random& random) : client_(random, GoClient::Timers::kMobile) {}
  void Start(TimePoint now) override { client_.Start(now, {coap::kGet, "sync", {}}); }
  void Receive(TimePoint now, ByteView datagram) override { client_.Receive(now, datagram); }
  void Advance(TimePoint now) override { client_.Advance(now); }
  std::optional<TimePoint> NextDeadline() override { return client_.NextDeadline(); }
  std::optional<Bytes> TakeSent() override { return client_.TakeSent(); }
  std::optional<Bytes> TakeBody() override {
    if (client_.waiting() > 0) return std::nullopt;
    const auto found = client_.results().find("sync");
    return found == client_.results().end() ? Bytes{} : found->second.body;
  }

 private:
  GoClient client_;
};

class OwnClient : public Downloader {
 public:
  explicit OwnClient(Random& random) : session_(Plain(), random) {}
  void Start(TimePoint now) override {
    session_.Connect(now);
    const ByteView path = AsBytes("sync");
    session_.Send(
        now, {coap::kGet, {{coap::OptionNumber::kUriPath, Bytes(path.begin(), path.end())}}, {}});
  }
  void Receive(TimePoint now, ByteView datagram) override { session_.Receive(now, datagram); }
  void Advance(TimePoint now) override { session_.Advance(now); }
  std::optional<TimePoint> NextDeadline() override { return session_.NextDeadline(); }
  std::optional<Bytes> TakeSent() override {
    const auto sent = session_.PollTransmit();
    if (!sent) return std::nullopt;
    return Bytes(sent->begin(), sent->end());
  }
  std::optional<Bytes> TakeBody() override {
    while (auto event = session_.PollEvent()) {
      if (auto* response = std::get_if<client::Response>(&*event)) return std::move(response->body);
      if (std::holds_alternative<client::RequestFailed>(*event)) return Bytes{};
    }
    return std::nullopt;
  }

 private:
  static client::Config Plain() {
    client::Config config;
    config.secure = false;
    return config;
  }
  client::Session session_;
};

using MakeDownloader = std::function<std::unique_ptr<Downloader>(Random&)>;

std::unique_ptr<Downloader> MakePhone(Random& random) {
  return std::make_unique<DeployedPhone>(random);
}
std::unique_ptr<Downloader> MakeOwn(Random& random) { return std::make_unique<OwnClient>(random); }

class Download {
 public:
  Download(uint64_t seed, const Link& link, const MakeDownloader& make)
      : random_(MakeSeededRandom(seed)), link_(link), rig_(Seeded(seed)), client_(make(*random_)) {
    rig_.Open(kSession);
  }

  Outcome Run() {
    const TimePoint start = rig_.now();
    const TimePoint end = start + std::chrono::hours(2);
    client_->Start(start);
    while (rig_.now() < end) {
      Turn();
      if (const auto body = client_->TakeBody()) {
        outcome_.whole = *body == Pattern(kBodyBytes, 3);
        outcome_.seconds = std::chrono::duration<double>(rig_.now() - start).count();
        break;
      }
      std::optional<TimePoint> next = Earlier(rig_.NextDeadline(), client_->NextDeadline());
      if (!on_the_way_.empty()) next = Earlier(next, on_the_way_.begin()->first);
      if (!next) break;
      rig_.AdvanceTowards(std::min(end, std::max(rig_.now(), *next)));
    }
    return outcome_;
  }

 private:
  struct Packet {
    bool to_edge;
    Bytes datagram;
  };

  static RigConfig Seeded(uint64_t seed) {
    RigConfig config;
    config.seed = seed;
    config.passed_bytes = 0;
    return config;
  }

  void Carry(bool to_edge, Bytes datagram) {
    ++outcome_.datagrams;
    outcome_.bytes += datagram.size() + kDatagramOverhead;
    if (random_->Unit() < link_.loss) return;
    if (datagram.size() + kDatagramOverhead > link_.datagram_bytes_max) return;
    on_the_way_.emplace(rig_.now() + link_.round_trip / 2, Packet{to_edge, std::move(datagram)});
  }

  void Turn() {
    client_->Advance(rig_.now());
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= rig_.now()) {
      const Packet packet = std::move(on_the_way_.begin()->second);
      on_the_way_.erase(on_the_way_.begin());
      if (packet.to_edge) {
        rig_.Receive(kSession, packet.datagram);
      } else {
        client_->Receive(rig_.now(), packet.datagram);
      }
    }
    while (auto sent = rig_.TakeSent()) Carry(false, std::move(sent->datagram));
    while (auto sent = client_->TakeSent()) Carry(true, *std::move(sent));
    while (const auto command = rig_.TakeCommand()) {
      const auto* start = std::get_if<request::StartExchange>(&*command);
      if (start == nullptr) continue;
      request::Answer answer;
      answer.id = start->id;
      answer.code = coap::kContent;
      answer.content_format = 60;
      answer.body = Pattern(kBodyBytes, 3);
      rig_.Answer(std::move(answer));
      while (auto sent = rig_.TakeSent()) Carry(false, std::move(sent->datagram));
    }
  }

  std::unique_ptr<Random> random_;
  Link link_;
  Rig rig_;
  std::unique_ptr<Downloader> client_;
  std::multimap<TimePoint, Packet> on_the_way_;
  Outcome outcome_;
};

/// The means of several runs; `whole` if all were.
Outcome Measure(const char* who, const Link& link, const MakeDownloader& make) {
  constexpr uint64_t kRuns = 5;
  Outcome mean{.whole = true};
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const Outcome one = Download(seed, link, make).Run();
    EXPECT_TRUE(one.whole) << who << ", seed " << seed;
    mean.whole = mean.whole && one.whole;
    mean.seconds += one.seconds / kRuns;
    mean.datagrams += one.datagrams / kRuns;
    mean.bytes += one.bytes / kRuns;
  }
  std::printf("%s | %.0f ms | %.0f %% | %.0f s | %zu datagrams | %zu bytes\n", who,
              std::chrono::duration<double, std::milli>(link.round_trip).count(), 100 * link.loss,
              mean.seconds, mean.datagrams, mean.bytes);
  return mean;
}

/// Blocks of 500 KB, each a round trip.
double RoundTripsOf(Duration round_trip) {
  return std::chrono::duration<double>(round_trip).count() * ((kBodyBytes + 1023) / 1024);
}

struct Case {
  const char* who;
  MakeDownloader make;
};

class SlowLink : public ::testing::TestWithParam<Case> {};

// Each lost datagram costs a wait for it: of at most 1.5 times the least timeout, 500 ms, or of
// some round trips where those are longer, and of its double when it is lost again.
TEST_P(SlowLink, LossCostsAboutARoundTripForEachDatagramLost) {
  for (const Duration round_trip : {milliseconds(50), milliseconds(300), milliseconds(600)}) {
    const Outcome clear = Measure(GetParam().who, {0, round_trip}, GetParam().make);
    EXPECT_NEAR(clear.seconds, RoundTripsOf(round_trip), 3);
    for (const double loss : {0.05, 0.1}) {
      const Outcome lossy = Measure(GetParam().who, {loss, round_trip}, GetParam().make);
      const double wait = std::max(0.9, 3.5 * std::chrono::duration<double>(round_trip).count());
      const double lost = 2 * loss * (kBodyBytes + 1023) / 1024;
      EXPECT_LT(lossy.seconds, clear.seconds + 1.5 * lost * wait);
    }
  }
}

// 489 blocks are 978 datagrams; what goes as CON costs one empty ACK at each end.
TEST_P(SlowLink, WithoutLossThenTwoDatagramsABlock) {
  const Outcome clear = Measure(GetParam().who, {0, milliseconds(300)}, GetParam().make);
  EXPECT_LE(clear.datagrams, 2 * ((kBodyBytes + 1023) / 1024) + 2);
}

// What is in vain is repeated twice: by deployed clients after 9 and 18 s.
TEST_P(SlowLink, PathThatDropsWhatIsNotSmallThenThePaceOfSmallBlocks) {
  constexpr Duration kRoundTrip = milliseconds(50);
  for (const double loss : {0.0, 0.05}) {
    const Link link{loss, kRoundTrip, 600};
    const Outcome outcome = Measure(GetParam().who, link, GetParam().make);
    const double blocks = 4 * RoundTripsOf(kRoundTrip);
    EXPECT_LT(outcome.seconds, loss == 0 ? 30 + blocks : 60 + 4 * blocks);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Clients, SlowLink,
    ::testing::Values(Case{"deployed phone", MakePhone}, Case{"our client", MakeOwn}),
    [](const auto& of) {
      return std::string(of.param.who == std::string("our client") ? "OwnClient" : "DeployedPhone");
    });

}  // namespace
}  // namespace lowband::edge::testing
