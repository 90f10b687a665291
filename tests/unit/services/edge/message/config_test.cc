#include "services/edge/message/config.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lowband::edge::message {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Config, DefaultsAreValid) { EXPECT_EQ(Config().Validate(), ""); }

TEST(Config, EachBadFieldIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(Config&)>>> bad = {
      {"message.ack_delay", [](Config& c) { c.ack_delay = seconds(9); }},
      {"message.ack_delay", [](Config& c) { c.ack_delay = -seconds(1); }},
      {"message.ack_timeout", [](Config& c) { c.ack_timeout = milliseconds(1); }},
      {"message.ack_random_factor", [](Config& c) { c.ack_random_factor = 0.5; }},
      {"message.ack_random_factor",
       [](Config& c) { c.ack_random_factor = std::numeric_limits<double>::quiet_NaN(); }},
      {"message.max_retransmit", [](Config& c) { c.max_retransmit = 9; }},
      {"message.answer_bytes_per_session_max",
       [](Config& c) { c.answer_bytes_per_session_max = 0; }},
      {"message.answer_bytes_per_session_max",
       [](Config& c) { c.answer_bytes_per_session_max = size_t{2} << 20; }},
      {"message.confirmables_max", [](Config& c) { c.confirmables_max = 0; }},
  };
  for (const auto& [name, change] : bad) {
    Config config;
    change(config);
    EXPECT_TRUE(config.Validate().starts_with(name + " ")) << config.Validate();
  }
}

}  // namespace
}  // namespace lowband::edge::message
