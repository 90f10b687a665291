#include "tests/sim/scenario.h"

#include <algorithm>
#include <sstream>

namespace lowband::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kAttacked = 0.15;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Scenario Scenario::Of(uint64_t seed) {
  const auto random = MakeSeededRandom(seed * 2 + 1);
  const auto chance = [&](double of) { return random->Unit() < of; };
  const auto between = [&](Duration low, Duration high) {
    return low + Duration(random->Below(static_cast<uint64_t>((high - low).count()) + 1));
  };
  const auto sometimes = [&](double of, Duration low, Duration high) {
    return chance(of) ? between(low, high) : Duration::zero();
  };
  Scenario out;
  out.seed = seed;
  out.phones = 1 + random->Below(3);
  out.replicas = 1 + random->Below(3);
  out.storm = between(seconds(120), seconds(900));
  if (chance(0.7)) out.weather.loss = random->Unit() * 0.5;
  if (chance(0.5)) out.weather.duplication = random->Unit() * 0.2;
  out.weather.delay_min = between(milliseconds(1), milliseconds(400));
  out.weather.delay_max =
      out.weather.delay_min + between(milliseconds(0), chance(0.1) ? seconds(30) : seconds(2));
  if (chance(0.4)) out.trouble.refused = random->Unit() * 0.3;
  if (chance(0.4)) out.trouble.page = random->Unit() * 0.3;
  if (chance(0.3)) out.trouble.busy = random->Unit() * 0.2;
  if (chance(0.4)) out.trouble.broken = random->Unit() * 0.3;
  if (chance(0.3)) out.trouble.delay = between(milliseconds(5), seconds(10));
  out.connection_ids = chance(0.7);
  out.event_every = between(seconds(2), seconds(90));
  out.request_every = sometimes(0.7, seconds(3), seconds(60));
  out.move_every = sometimes(0.4, seconds(20), seconds(200));
  out.phone_crash_every = sometimes(0.3, seconds(60), seconds(400));
  out.outage_every = sometimes(0.4, seconds(60), seconds(600));
  out.replica_crash_every = sometimes(0.5, seconds(5), seconds(120));
  out.edge_crash_every = sometimes(0.3, seconds(100), seconds(500));
  out.edge_pause_every = sometimes(0.2, seconds(30), seconds(300));
  if (chance(0.6)) out.large_events = random->Unit() * 0.5;
  if (chance(kAttacked)) {
    out.attack = Attack::Of(*random, out.phones);
    // Much happens in little time, and what comes of a phone's longest absence fits what there is.
    out.storm = std::min<Duration>(out.storm, between(seconds(60), seconds(180)));
    out.event_every = std::max<Duration>(out.event_every, seconds(5));
  }
  return out;
}

std::string Scenario::Text() const {
  std::ostringstream out;
  out << "seed " << seed << ": " << phones << " phones, " << replicas << " translators, "
      << Seconds(storm) << " s; loss " << weather.loss << ", duplication " << weather.duplication
      << ", delay " << Seconds(weather.delay_min) << " to " << Seconds(weather.delay_max)
      << " s; homeserver refuses " << trouble.refused << ", errs " << trouble.page << ", busy "
      << trouble.busy << ", breaks " << trouble.broken << ", " << Seconds(trouble.delay)
      << " s away; connection IDs " << (connection_ids ? "on" : "off");
  const auto every = [&](const char* what, Duration duration) {
    if (duration > Duration::zero()) out << "; " << what << " every " << Seconds(duration) << " s";
  };
  every("event", event_every);
  every("request", request_every);
  every("move", move_every);
  every("phone crash", phone_crash_every);
  every("outage", outage_every);
  every("translator crash", replica_crash_every);
  every("edge crash", edge_crash_every);
  every("edge pause", edge_pause_every);
  out << "; large " << large_events;
  if (attack.sessions > 0) out << "; " << attack.Text();
  return out.str();
}

}  // namespace lowband::testing
