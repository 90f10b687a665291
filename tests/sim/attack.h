// An attack of the simulator: what the attackers do, drawn from the seed, and how little the edge
// has for all, so that they fill it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/random.h"
#include "services/edge/pipeline.h"

namespace lowband::testing {

enum class AttackKind : uint8_t {
  kPings,         ///< Sessions that only ping.
  kHandshakes,    ///< Handshakes that never end.
  kUploads,       ///< Bodies that never end.
  kDownloads,     ///< Answers that are begun and never fetched on.
  kRequests,      ///< Many, with bodies, that the homeserver takes long to answer.
  kPolls,         ///< Long polls under one token.
  kObservations,  ///< Observations under that token.
  kSilence,       ///< Answers and notifications that are never acknowledged.
  kNoise,         ///< Datagrams of no session, and honest ones once more.
};
inline constexpr std::array<std::string_view, 9> kAttackKindNames = {
    "pings", "handshakes",   "uploads", "downloads", "requests",
    "polls", "observations", "silence", "noise"};

struct Attack {
  /// That the attackers keep up, at one network; 0: nobody attacks.
  size_t sessions = 0;
  std::vector<AttackKind> kinds;

  // What there is for all; edge::request::Config has the words.
  size_t sessions_max = 0;
  size_t handshakes_max = 0;
  size_t handshake_rate = 0;
  size_t exchanges_max = 0;
  size_t polls_max = 0;
  size_t polls_of_a_token = 0;
  size_t waiting_max = 0;
  size_t observations_max = 0;
  size_t confirmables_max = 0;
  size_t answer_window = 0;

  /// Against so many phones.
  static Attack Of(Random& random, size_t phones);
  void Apply(edge::PipelineConfig& pipeline, edge::admission::Limits& limits) const;
  std::string Text() const;
};

}  // namespace lowband::testing
