// Bugs put in on purpose, one at a time: a simulator that does not find them proves nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lowband::testing {

enum class Canary : uint8_t {
  kNone,
  kAdvanceEarly,  ///< The homeserver is polled on before the client has the body (N4).
  kIgnoreSince,   ///< The translator drops the client's own since (N5).
  kEndOnFault,    ///< The translator calls a 502 the end of an observation (N6).
  kLoseNews,      ///< The translator now and then sends an empty body for news.
  kKeepAnswers,   ///< The translator does not drop what was cancelled.
  kMixAnswers,    ///< The translator takes all documents for the same (Windowed.digest).
  kRepeatPost,    ///< The translator carries out a POST twice now and then (N2, N3).
  kShutOut,       ///< The edge hears nobody else while attackers are there.
};
inline constexpr std::array<std::string_view, 9> kCanaryNames = {
    "none",         "advance-early", "ignore-since", "end-on-fault", "lose-news",
    "keep-answers", "mix-answers",   "repeat-post",  "shut-out"};

}  // namespace lowband::testing
