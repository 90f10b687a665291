// Random schedules: clients of the deployed kind and an edge, with a link between them that loses,
// repeats and reorders, and a homeserver that takes its time. Each run is its seed.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/lockstep/go_client.h"
#include "tests/support/layers_rig.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Weather {
  double loss = 0;
  double repeat = 0;
  Duration delay_max = milliseconds(200);
  Duration homeserver_max = seconds(4);
};

constexpr SessionId kSession{1};
constexpr size_t kRequests = 30;

class World {
 public:
  World(uint64_t seed, const Weather& weather)
      : random_(MakeSeededRandom(seed)),
        weather_(weather),
        rig_(WithSeed(seed)),
        client_(*random_) {
    rig_.Open(kSession);
    TimePoint at = rig_.now();
    for (size_t i = 0; i < kRequests; ++i) {
      at += milliseconds(random_->Below(2000));
      starts_.emplace(at, MakeRequest(i));
    }
  }

  /// Until nothing happens any more, an hour at most.
  void Run() {
    const TimePoint end = rig_.now() + seconds(3600);
    while (rig_.now() < end) {
      std::optional<TimePoint> next = Earlier(rig_.NextDeadline(), client_.NextDeadline());
      if (!starts_.empty()) next = Earlier(next, starts_.begin()->first);
      if (!events_.empty()) next = Earlier(next, events_.begin()->first);
      if (!next) break;
      rig_.AdvanceTowards(std::min(end, std::max(rig_.now(), *next)));
      Turn();
    }
  }

  Rig& rig() { return rig_; }
  const GoClient& client() const { return client_; }
  const std::map<std::string, int>& executed() const { return executed_; }

  /// What the homeserver makes of a request: long or short, told by the path.
  static Bytes ResponseOf(const std::string& path) {
    const size_t length = 1 + std::hash<std::string>{}(path) % 5000;
    return Pattern(path.back() % 2 == 0 ? length : 1 + length % 200, path.size() * 77);
  }
  static Bytes BodyOfRequest(const std::string& path) {
    return Pattern(std::hash<std::string>{}(path + "body") % 4000, 5);
  }

 private:
  struct Event {
    enum class Kind : uint8_t { kToEdge, kToClient, kAnswer } kind;
    Bytes datagram;
    request::Answer answer;
  };

  static RigConfig WithSeed(uint64_t seed) {
    RigConfig config;
    config.seed = seed;
    // Of a path of which nothing is known, small blocks are tried.
    if (seed % 2 == 1) config.passed_bytes = 0;
    // What is refused at a limit is another test's question.
    config.request.exchanges_per_session_max = kRequests;
    config.request.uploads_per_session_max = kRequests;
    return config;
  }

  GoRequest MakeRequest(size_t i) {
    GoRequest request;
    request.path = "r" + std::to_string(i);
    const uint64_t kind = random_->Below(3);
    request.method = kind == 0 ? coap::kGet : kind == 1 ? coap::kPut : coap::kPost;
    if (kind != 0) request.body = BodyOfRequest(request.path);
    return request;
  }

  Duration Within(Duration most) {
    return Duration(random_->Below(static_cast<uint64_t>(most.count()) + 1));
  }

  void Carry(Event::Kind kind, const Bytes& datagram) {
    const int copies = random_->Unit() < weather_.repeat ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (random_->Unit() < weather_.loss) continue;
      events_.emplace(rig_.now() + milliseconds(20) + Within(weather_.delay_max),
                      Event{kind, datagram, {}});
    }
  }

  void Turn() {
    while (!starts_.empty() && starts_.begin()->first <= rig_.now()) {
      client_.Start(rig_.now(), std::move(starts_.begin()->second));
      starts_.erase(starts_.begin());
    }
    client_.Advance(rig_.now());
    while (!events_.empty() && events_.begin()->first <= rig_.now()) {
      Event event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      switch (event.kind) {
        case Event::Kind::kToEdge: rig_.Receive(kSession, event.datagram); break;
        case Event::Kind::kToClient: client_.Receive(rig_.now(), event.datagram); break;
        case Event::Kind::kAnswer: rig_.Answer(std::move(event.answer)); break;
      }
    }
    while (const auto sent = rig_.TakeSent()) Carry(Event::Kind::kToClient, sent->datagram);
    while (const auto sent = client_.TakeSent()) Carry(Event::Kind::kToEdge, *sent);
    while (auto command = rig_.TakeCommand()) Execute(std::get<request::StartExchange>(*command));
  }

  void Execute(const request::StartExchange& start) {
    const std::string path = start.request.path(0);
    ++executed_[path];
    EXPECT_EQ(start.request.queries_size(), 1);
    if (start.request.method() != v1::GET) {
      const Bytes body = BodyOfRequest(path);
      EXPECT_EQ(start.request.body(), std::string(body.begin(), body.end()));
    }
    request::Answer answer;
    answer.id = start.id;
    answer.code = coap::kContent;
    answer.content_format = 60;
    answer.body = ResponseOf(path);
    events_.emplace(rig_.now() + Within(weather_.homeserver_max),
                    Event{Event::Kind::kAnswer, {}, std::move(answer)});
  }

  std::unique_ptr<Random> random_;
  Weather weather_;
  Rig rig_;
  GoClient client_;
  std::multimap<TimePoint, GoRequest> starts_;
  std::multimap<TimePoint, Event> events_;
  std::map<std::string, int> executed_;
};

struct Tally {
  size_t answered = 0;
  size_t timed_out = 0;
  size_t waiting = 0;
};

void RunSeed(uint64_t seed, const Weather& weather, Tally& tally) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World world(seed, weather);
  world.Run();
  for (const auto& [path, times] : world.executed()) EXPECT_EQ(times, 1) << path;
  for (const auto& [path, result] : world.client().results()) {
    if (result.code == coap::kRequestEntityIncomplete && weather.loss >= 0.5) {
      // A minute without a block of it, while its copies were lost.
      EXPECT_FALSE(world.executed().contains(path));
      continue;
    }
    EXPECT_EQ(result.code, coap::kContent) << path;
    EXPECT_EQ(result.body, World::ResponseOf(path)) << path;
    EXPECT_TRUE(world.executed().contains(path));
  }
  tally.answered += world.client().results().size();
  tally.timed_out += world.client().timed_out();
  tally.waiting += world.client().waiting();
  // It went quiet, and nothing is left.
  EXPECT_FALSE(world.rig().NextDeadline());
  EXPECT_EQ(world.rig().messages().session_count(), 0u);
  EXPECT_EQ(world.rig().messages().answer_bytes(), 0u);
  const request::Usage usage = world.rig().requests().usage();
  EXPECT_EQ(usage.exchanges + usage.request_bytes + usage.uploads + usage.download_bytes, 0u);
}

Tally RunSeeds(uint64_t seeds, const Weather& weather) {
  Tally tally;
  for (uint64_t seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
    RunSeed(seed, weather, tally);
  }
  EXPECT_EQ(tally.answered + tally.timed_out + tally.waiting, seeds * kRequests);
  return tally;
}

TEST(LossyLink, FairWeatherThenEveryRequestIsAnsweredOnce) {
  const Tally tally = RunSeeds(100, {});
  EXPECT_EQ(tally.timed_out + tally.waiting, 0u);
}

TEST(LossyLink, RepetitionAndReorderingThenEveryRequestIsAnsweredOnce) {
  const Tally tally = RunSeeds(
      100, {.loss = 0, .repeat = 0.5, .delay_max = seconds(4), .homeserver_max = seconds(20)});
  EXPECT_EQ(tally.timed_out + tally.waiting, 0u);
}

TEST(LossyLink, LossOfATenthThenAlmostAllAreAnsweredAndNoneTwice) {
  const Tally tally = RunSeeds(100, {.loss = 0.1, .repeat = 0.1});
  // Five copies and their answers: one in 40,000 steps fails, and a request has up to nine.
  EXPECT_LE(tally.timed_out + tally.waiting, 10u);
}

TEST(LossyLink, LossOfAFifthWithRepetitionAndReorderingThenNoneIsCarriedOutTwice) {
  const Tally tally = RunSeeds(
      150, {.loss = 0.2, .repeat = 0.2, .delay_max = seconds(2), .homeserver_max = seconds(30)});
  EXPECT_GE(tally.answered, 150 * kRequests * 95 / 100);
}

TEST(LossyLink, LossOfHalfThenNoneIsCarriedOutTwice) {
  const Tally tally = RunSeeds(
      100, {.loss = 0.5, .repeat = 0.3, .delay_max = seconds(10), .homeserver_max = seconds(60)});
  EXPECT_GT(tally.answered, 0u);
}

}  // namespace
}  // namespace lowband::edge::testing
