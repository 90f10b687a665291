// What happens in one run of the simulator, drawn from its seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libs/base/time.h"
#include "libs/sim/link.h"
#include "tests/sim/attack.h"
#include "tests/sim/translator.h"

namespace lowband::testing {

struct Scenario {
  uint64_t seed = 0;
  size_t phones = 2;
  size_t replicas = 2;
  /// How long it goes wrong; after that the weather is fine until everything has arrived.
  Duration storm = std::chrono::minutes(10);
  sim::Weather weather;
  Trouble trouble;
  bool connection_ids = true;
  // Mean times between; zero: never.
  Duration event_every = std::chrono::seconds(20);  ///< Of each user.
  Duration request_every = {};                      ///< Of each phone.
  Duration move_every = {};                         ///< Of each phone: another address.
  Duration phone_crash_every = {};                  ///< Of each phone.
  Duration outage_every = {};                       ///< Of each phone: no network for a while.
  Duration replica_crash_every = {};                ///< Of all together.
  Duration edge_crash_every = {};
  Duration edge_pause_every = {};  ///< It does nothing for a while, then much at once.
  double large_events = 0;         ///< The chance that an event needs several blocks.
  double to_device = 0.3;
  Attack attack;  ///< In a share of the seeds.

  static Scenario Of(uint64_t seed);
  std::string Text() const;
};

}  // namespace lowband::testing
