#include "tests/sim/attack.h"

#include <sstream>

#include "services/edge/admission/limits.h"
#include "services/edge/request/limits.h"

namespace lowband::testing {
namespace {

// Requests under way of one session: of what is shared, one session has a small part.
constexpr size_t kExchangesOfASession = 8;
// What a phone can get at once is some 200 KB of news, and is to fit beside what it had.
constexpr size_t kDownloadBytes = size_t{768} << 10;
constexpr size_t kSmallDownloadBytes = size_t{96} << 10;
constexpr size_t kUploadBytes = size_t{64} << 10;
constexpr size_t kBodyBytes = size_t{16} << 10;

}  // namespace

Attack Attack::Of(Random& random, size_t phones) {
  const auto between = [&](size_t low, size_t high) { return low + random.Below(high - low + 1); };
  Attack out;
  for (size_t i = 0; i < kAttackKindNames.size(); ++i) {
    if (random.Unit() < 0.3) out.kinds.push_back(static_cast<AttackKind>(i));
  }
  if (out.kinds.empty()) {
    out.kinds.push_back(static_cast<AttackKind>(random.Below(kAttackKindNames.size())));
  }
  // A network may have eight that are in use, and phones leave some behind that are quiet.
  out.sessions_max = between(16, 24) + 3 * phones;
  out.sessions = out.sessions_max + between(0, 8);
  out.handshakes_max = between(4, 8);
  out.handshake_rate = random.Unit() < 0.3 ? 2 : 0;
  out.exchanges_max = between(16, 40);
  out.polls_max = between(16, 40);
  out.polls_of_a_token = between(4, 48);
  out.waiting_max = between(8, 32);
  // One of each session of phones, also of those they left behind, beside a household's.
  out.observations_max = out.sessions_max + edge::admission::kHogMin + between(0, 8);
  out.confirmables_max = between(16, 48);
  out.answer_window = random.Unit() < 0.5 ? edge::request::kAnswerWindowMin : 0;
  return out;
}

void Attack::Apply(edge::PipelineConfig& pipeline, edge::admission::Limits& limits) const {
  limits.sessions = sessions_max;
  limits.handshakes = handshakes_max;
  limits.handshakes_per_prefix_rate = handshake_rate;
  edge::request::Config& request = pipeline.request;
  request.exchanges_per_session_max = kExchangesOfASession;
  request.exchanges_max = exchanges_max;
  request.polls_max = polls_max;
  request.tokens = {.exchanges = polls_of_a_token + kExchangesOfASession,
                    .polls = polls_of_a_token};
  request.waiting_max = waiting_max;
  request.observations_max = observations_max;
  request.request_body_bytes_max = kBodyBytes;
  request.request_bytes_max = kUploadBytes;
  request.small_request_bytes_max = kBodyBytes;
  request.download_bytes_max = kDownloadBytes;
  request.small_download_bytes_max = kSmallDownloadBytes;
  request.answer_window = answer_window;
  limits.requests = request.ProcessLimits();
  pipeline.message.confirmables_max = confirmables_max;
  limits.messages = pipeline.message.ProcessLimits();
  pipeline.uplink.exchanges_max = request.UnderWayMax();
  pipeline.uplink.requests_bytes_max = request.UnderWayBytesMax();
}

std::string Attack::Text() const {
  std::ostringstream out;
  out << sessions << " sessions of attackers:";
  for (const AttackKind kind : kinds) out << " " << kAttackKindNames[static_cast<size_t>(kind)];
  out << "; room for " << sessions_max << " sessions, " << handshakes_max << " handshakes ("
      << handshake_rate << " a second), " << exchanges_max << " requests, " << polls_max
      << " polls (" << polls_of_a_token << " of a token), " << waiting_max << " that wait, "
      << observations_max << " observations, " << confirmables_max << " CONs; window "
      << answer_window;
  return out.str();
}

}  // namespace lowband::testing
