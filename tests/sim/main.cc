// lowband-sim: plays seeds of the simulator and tells what happens.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "tests/sim/world.h"

namespace lowband::testing {
namespace {

struct Options {
  uint64_t seed = 0;
  uint64_t from = 1;
  uint64_t count = 0;
  std::string canary = "none";
  bool quiet = false;
  bool pressure = false;
};

/// What attackers brought about, in all seeds that were played.
struct Attacked {
  uint64_t seeds = 0;
  Pressure pressure;
  Pressure pressed;    ///< In how many seeds.
  Duration longest{};  ///< Until phones were served beside them.

  void Add(const World& world) {
    ++seeds;
    for (const auto& [name, times] : world.pressure()) {
      pressure[name] += times;
      pressed[name] += times > 0 ? 1 : 0;
    }
    longest = std::max(longest, world.beside_attackers());
  }
  void Print() const {
    std::printf("%llu seeds with attackers, phones served beside them within %.0f s\n",
                static_cast<unsigned long long>(seeds),
                std::chrono::duration<double>(longest).count());
    for (const auto& [name, times] : pressure) {
      std::printf("%12llu in %6llu seeds: %s\n", static_cast<unsigned long long>(times),
                  static_cast<unsigned long long>(pressed.at(name)), name.c_str());
    }
  }
};

Canary CanaryOf(const std::string& name) {
  for (size_t i = 0; i < kCanaryNames.size(); ++i) {
    if (kCanaryNames[i] == name) return static_cast<Canary>(i);
  }
  return Canary::kNone;
}

// Plays one seed; false if something went wrong.
bool Play(uint64_t seed, Canary canary, bool trace, Attacked& attacked) {
  const Scenario scenario = Scenario::Of(seed);
  World world(scenario, canary,
              trace ? [](const std::string& line) { std::printf("%s\n", line.c_str()); }
                    : std::function<void(const std::string&)>());
  const auto& violations = world.Run();
  if (scenario.attack.sessions > 0) attacked.Add(world);
  for (const std::string& violation : violations) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation.c_str());
  }
  std::fflush(stdout);
  return violations.empty();
}

int Main(const Options& options) {
  const Canary canary = CanaryOf(options.canary);
  Attacked attacked;
  if (options.seed != 0) {
    const bool good = Play(options.seed, canary, !options.quiet, attacked);
    if (options.pressure) attacked.Print();
    return good ? 0 : 1;
  }
  uint64_t bad = 0;
  const uint64_t end = options.count == 0 ? UINT64_MAX : options.from + options.count;
  for (uint64_t seed = options.from; seed != end; ++seed) {
    if (!Play(seed, canary, false, attacked)) ++bad;
    if ((seed + 1 - options.from) % 1000 == 0) {
      std::printf("%llu seeds, %llu bad\n",
                  static_cast<unsigned long long>(seed + 1 - options.from),
                  static_cast<unsigned long long>(bad));
      std::fflush(stdout);
    }
  }
  std::printf("%llu seeds from %llu, %llu bad\n", static_cast<unsigned long long>(options.count),
              static_cast<unsigned long long>(options.from), static_cast<unsigned long long>(bad));
  if (options.pressure) attacked.Print();
  return bad == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lowband::testing

int main(int argc, char** argv) {
  lowband::testing::Options options;
  CLI::App app{"Plays storms over a whole Lowband in virtual time, each drawn from its seed."};
  app.add_option("--seed", options.seed, "play this seed alone and tell what happens");
  app.add_option("--from", options.from, "the first seed of many")->capture_default_str();
  app.add_option("--count", options.count, "how many seeds; 0: until stopped")
      ->capture_default_str();
  app.add_option("--canary", options.canary, "put a bug in, to see it found")
      ->check(CLI::IsMember(std::vector<std::string>(lowband::testing::kCanaryNames.begin(),
                                                     lowband::testing::kCanaryNames.end())))
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "with --seed: tell only what went wrong");
  app.add_flag("--pressure", options.pressure, "tell what attackers filled, and how often");
  CLI11_PARSE(app, argc, argv);
  return lowband::testing::Main(options);
}
