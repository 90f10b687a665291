#include "services/edge/request/config.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace lowband::edge::request {
namespace {

using std::chrono::seconds;

TEST(Config, DefaultsAreValid) { EXPECT_EQ(Config().Validate(), ""); }

TEST(Config, EachBadFieldIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(Config&)>>> bad = {
      {"default_key_table", [](Config& c) { c.default_key_table = 2; }},
      {"exchange_timeout", [](Config& c) { c.exchange_timeout = seconds(0); }},
      {"exchange_timeout", [](Config& c) { c.exchange_timeout = seconds(240); }},
      {"exchanges_per_session_max", [](Config& c) { c.exchanges_per_session_max = 0; }},
      {"small_downloads_per_session_max", [](Config& c) { c.small_downloads_per_session_max = 0; }},
      {"exchanges_per_session_max", [](Config& c) { c.exchanges_per_session_max = 64; }},
      {"exchanges_max", [](Config& c) { c.exchanges_max = 0; }},
      {"request_body_bytes_max", [](Config& c) { c.request_body_bytes_max = 1024; }},
      {"polls_max", [](Config& c) { c.polls_max = 0; }},
      {"tokens.exchanges", [](Config& c) { c.tokens.exchanges = 31; }},
      {"tokens.polls", [](Config& c) { c.tokens.polls = 0; }},
      {"tokens.polls", [](Config& c) { c.tokens.polls = 513; }},
      {"small_request_bytes_max", [](Config& c) { c.small_request_bytes_max = 8191; }},
      {"small_download_bytes_max", [](Config& c) { c.small_download_bytes_max = 32'767; }},
      {"request_bytes_max", [](Config& c) { c.request_bytes_max = 1024; }},
      {"uploads_per_session_max", [](Config& c) { c.uploads_per_session_max = 0; }},
      {"block_szx", [](Config& c) { c.block_szx = 7; }},
      {"downloads_per_session_max", [](Config& c) { c.downloads_per_session_max = 0; }},
      {"token_wait", [](Config& c) { c.token_wait = seconds(11); }},
  };
  for (const auto& [name, change] : bad) {
    Config config;
    change(config);
    EXPECT_TRUE(config.Validate().starts_with("request." + name + " must"))
        << name << ": " << config.Validate();
  }
}

}  // namespace
}  // namespace lowband::edge::request
