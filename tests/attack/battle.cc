#include "tests/attack/battle.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace lowband::edge {
namespace {

constexpr const char* kAttacker = "203.0.113.66";
constexpr Duration kPatience = std::chrono::minutes(2);

std::string HonestHost(unsigned network) {
  return "10." + std::to_string(network / 250) + "." + std::to_string(network % 250) + ".1";
}

// Every other one has a connection id.
client::Config ConfigOf(size_t honest) {
  client::Config config;
  if (honest % 2 == 1) config.connection_id.reset();
  return config;
}

client::Request Again(size_t honest) { return WithToken(Get({"again"}), honest); }

}  // namespace

Battle::Battle(uint64_t seed, unsigned workers, const admission::Limits& limits,
               const PipelineConfig& config)
    : world_(seed, config, {.workers = workers, .limits = limits}) {
  world_.link().weather = {.delay_min = std::chrono::milliseconds(50),
                           .delay_max = std::chrono::milliseconds(50)};
}

void Battle::Begin() {
  for (size_t i = 0; i < kHonest; ++i) {
    hosts_.push_back(HonestHost(next_network_++));
    honest_.push_back(world_.AddClient(ConfigOf(i), hosts_.back()));
  }
  const Figures first = Ask([](size_t i) { return WithToken(Get({"begin"}), i); }, 1);
  EXPECT_EQ(first.answered, kHonest);
}

Figures Battle::Ask(const std::function<client::Request(size_t)>& request, size_t times) {
  Asked asked;
  for (size_t turn = 0; turn < times; ++turn) {
    for (size_t i = 0; i < honest_.size(); ++i) {
      asked.push_back({honest_[i], world_.Send(honest_[i], request(i)), world_.now(), {}});
    }
    if (turn + 1 < times) {
      Run(std::chrono::seconds(1), [&] {
        (void)AllDone(asked);
        return false;
      });
    }
  }
  return Await(asked);
}

void Battle::Run(Duration time, const std::function<bool()>& until) {
  if (!meanwhile) return world_.Run(time, until);
  const TimePoint end = world_.now() + time;
  while (world_.now() < end && !(until && until())) {
    meanwhile();
    world_.Run(std::min<Duration>(step, end - world_.now()), until);
  }
}

Figures Battle::Return() {
  Asked asked(kHonest);
  for (size_t i = 0; i < kHonest; ++i) {
    asked[i] = {honest_[i], world_.Send(honest_[i], Again(i)), world_.now(), {}};
  }
  world_.on_stale_alert = [&](size_t client) {
    const auto told = std::ranges::find(honest_, client);
    if (told == honest_.end()) return;
    const auto i = static_cast<size_t>(told - honest_.begin());
    AskAnew(i, asked[i]);
  };
  Run(kPatience, [&] {
    for (size_t i = 0; i < kHonest; ++i) {
      if (world_.outcomes[{asked[i].client, asked[i].id}].failures > 0) AskAnew(i, asked[i]);
    }
    return AllDone(asked);
  });
  world_.on_stale_alert = nullptr;
  return Count(asked);
}

void Battle::AskAnew(size_t honest, Request& asked) {
  world_.Silence(asked.client);
  asked.client = honest_[honest] = world_.AddClient(ConfigOf(honest), hosts_[honest]);
  asked.id = world_.Send(asked.client, Again(honest));
}

Figures Battle::Dial() {
  Asked asked;
  for (size_t i = 0; i < kHonest; ++i) {
    const size_t phone = world_.AddClient({}, HonestHost(next_network_++));
    const auto request = world_.Send(phone, WithToken(Get({"dial"}), 1000 + i));
    asked.push_back({phone, request, world_.now(), {}});
  }
  return Await(asked);
}

bool Battle::AllDone(Asked& asked) {
  bool all = true;
  for (Request& one : asked) {
    if (one.took) continue;
    const auto& outcome = world_.outcomes[{one.client, one.id}];
    if (outcome.responses.empty() && outcome.failures == 0) {
      all = false;
    } else {
      one.took = world_.now() - one.since;
    }
  }
  return all;
}

Figures Battle::Await(Asked& asked) {
  Run(kPatience, [&] { return AllDone(asked); });
  return Count(asked);
}

Figures Battle::Count(const Asked& asked) {
  Figures figures{.asked = asked.size()};
  std::vector<Duration> times;
  for (const Request& one : asked) {
    const auto& outcome = world_.outcomes[{one.client, one.id}];
    const bool success = !outcome.responses.empty() && outcome.responses.front().code.cls() == 2;
    if (success) ++figures.answered;
    times.push_back(one.took.value_or(kPatience));
  }
  figures.p99 = Percentile99(std::move(times));
  return figures;
}

size_t Battle::AddAttacker() { return world_.AddClient({}, kAttacker); }

void Battle::Connect() {
  world_.Run(std::chrono::minutes(1),
             [&] { return world_.admission().handshakes.usage().networks == 0; });
}

std::vector<size_t> Battle::Crowd(size_t size) {
  std::vector<size_t> crowd(size);
  for (size_t& attacker : crowd) attacker = AddAttacker();
  Connect();
  return crowd;
}

client::Request WithToken(client::Request request, size_t client) {
  const std::string token = "token" + std::to_string(client);
  const ByteView bytes = AsBytes(token);
  request.options.push_back(
      {coap::OptionNumber::kMatrixAccessToken, Bytes(bytes.begin(), bytes.end())});
  return request;
}

}  // namespace lowband::edge
