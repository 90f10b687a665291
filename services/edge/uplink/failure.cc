#include "services/edge/uplink/failure.h"

#include <array>

namespace lowband::edge::uplink {
namespace {

// In the order of the enumerators. 504 and not 503 if the request may have been carried out:
// clients repeat both, but after 504 only the transaction id prevents a second execution.
constexpr std::array kAnswers = {
    FailureAnswer{"deadline", 504, "M_UNKNOWN", "The homeserver did not answer in time",
                  &Counters::failed_deadline},
    FailureAnswer{"lane_lost", 504, "M_UNKNOWN",
                  "The connection to the translator broke; the request may have been carried out",
                  &Counters::failed_lane_lost},
    FailureAnswer{"no_translator", 503, "M_UNKNOWN", "No translator can be reached",
                  &Counters::failed_no_translator},
    FailureAnswer{"overload", 503, "M_UNKNOWN", "Too many requests are under way",
                  &Counters::failed_overload},
    FailureAnswer{"request_size", 413, "M_TOO_LARGE",
                  "Path, query and token are too large together", &Counters::failed_request_size},
    FailureAnswer{"answer_size", 502, "M_UNKNOWN", "The answer is too large",
                  &Counters::failed_answer_size},
    FailureAnswer{"bad_answer", 502, "M_UNKNOWN", "The translator's answer is invalid",
                  &Counters::failed_bad_answer},
};
static_assert(kAnswers.size() == static_cast<size_t>(Failure::kBadAnswer) + 1);

}  // namespace

const FailureAnswer& AnswerFor(Failure failure) {
  return kAnswers.at(static_cast<size_t>(failure));
}

}  // namespace lowband::edge::uplink
