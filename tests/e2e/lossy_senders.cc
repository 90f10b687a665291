// Many clients that send messages through a bad network: what the exactly-once test drives.
// Each session sends its messages one after the other, each with a transaction id of its own, and
// counts what it got for them. Prints one JSON object; the test counts at the homeserver.
//
// Usage: lossy_senders --server PORT --token T --room ID --sessions N --messages M
//                      --loss P --duplicate P --reorder P --seed S
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "libs/client/connection.h"
#include "tests/support/udp_relay.h"

namespace lowband::test {
namespace {

using coap::OptionNumber;

constexpr int kHandshakeAttempts = 10;
// RFC 7252's own times give up on one request in 165 at this loss: five attempts, each of which
// fails with 1 - 0.8². So more of them, and sooner, since loopback takes no time: 25 within the 147
// s for which a message may be repeated.
constexpr Duration kAckTimeout = std::chrono::milliseconds(100);
constexpr Duration kAckWaitMax = std::chrono::seconds(4);
constexpr unsigned kMaxRetransmit = 24;
constexpr Duration kExchangeLimit = std::chrono::minutes(8);

struct Flags {
  uint16_t server = 0;
  std::string token, room;
  int sessions = 1, messages = 1;
  uint64_t seed = 1;
  RelayFaults faults;
};

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

client::Request Message(const Flags& flags, const std::string& transaction, bool with_token) {
  client::Request request;
  request.method = coap::kPut;
  for (const std::string& segment :
       {std::string("9"), flags.room, std::string("m.room.message"), transaction}) {
    request.options.push_back({OptionNumber::kUriPath, BytesOf(segment)});
  }
  request.options.push_back({OptionNumber::kContentFormat, {coap::kFormatCbor}});
  if (with_token) {
    request.options.push_back({OptionNumber::kMatrixAccessToken, BytesOf(flags.token)});
  }
  // {27 (body): "hi", 28 (msgtype): "m.text"}
  request.body = BytesOf("\xa2\x18\x1b\x62hi\x18\x1c\x66m.text");
  return request;
}

class Senders {
 public:
  explicit Senders(Flags flags) : flags_(std::move(flags)) {}

  /// One session's whole life; a failed handshake is tried again.
  void Run(uint16_t port, int session) {
    client::Config config;
    config.ack_timeout = kAckTimeout;
    config.ack_wait_max = kAckWaitMax;
    config.max_retransmit = kMaxRetransmit;
    for (int attempt = 0; attempt < kHandshakeAttempts; ++attempt) {
      auto connection = client::Connection::Open("127.0.0.1", port, config);
      if (!connection) {
        Count("handshake: " + connection.error());
        continue;
      }
      for (int i = 0; i < flags_.messages; ++i) {
        const std::string name = std::to_string(session) + "." + std::to_string(i);
        const auto started = std::chrono::steady_clock::now();
        const auto answer = (*connection)->Exchange(Message(flags_, name, i == 0), kExchangeLimit);
        NoteDuration(std::chrono::steady_clock::now() - started);
        Count(answer ? answer->code.Text() : answer.error());
      }
      retransmissions_ += (*connection)->session().traffic().retransmissions;
      return;
    }
  }

  nlohmann::json Result() {
    const std::lock_guard lock(mutex_);
    using Seconds = std::chrono::duration<double>;
    return {{"outcomes", outcomes_},
            {"retransmissions", retransmissions_.load()},
            {"longest_exchange_s", std::chrono::duration_cast<Seconds>(longest_).count()}};
  }

 private:
  void Count(const std::string& outcome) {
    const std::lock_guard lock(mutex_);
    ++outcomes_[outcome];
  }

  /// Of a message; none may be repeated for longer than its receiver remembers it.
  void NoteDuration(Duration taken) {
    const std::lock_guard lock(mutex_);
    longest_ = std::max(longest_, taken);
  }

  const Flags flags_;
  std::atomic<uint64_t> retransmissions_ = 0;
  std::mutex mutex_;
  std::map<std::string, uint64_t> outcomes_;  // guarded by mutex_
  Duration longest_{};                        // guarded by mutex_
};

int Run(const Flags& flags) {
  const auto server = SocketAddress::FromLiteral("127.0.0.1", flags.server);
  auto relay = UdpRelay::Start(*server, flags.faults, flags.seed);
  if (!relay) {
    std::fprintf(stderr, "lossy_senders: %s\n", relay.error().c_str());
    return 1;
  }
  Senders senders(flags);
  std::vector<std::thread> threads;
  for (int session = 0; session < flags.sessions; ++session) {
    threads.emplace_back([&, session] { senders.Run((*relay)->port(), session); });
  }
  for (std::thread& thread : threads) thread.join();
  const RelayCounters counters = (*relay)->counters();
  nlohmann::json result = senders.Result();
  result["relay"] = {{"received", counters.received},
                     {"lost", counters.lost},
                     {"duplicated", counters.duplicated},
                     {"reordered", counters.reordered},
                     {"overflowed", counters.overflowed}};
  std::printf("%s\n", result.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace lowband::test

int main(int argc, char** argv) {
  lowband::test::Flags flags;
  CLI::App app("Many clients that send messages through a bad network");
  app.add_option("--server", flags.server)->required();
  app.add_option("--token", flags.token)->required();
  app.add_option("--room", flags.room)->required();
  app.add_option("--sessions", flags.sessions);
  app.add_option("--messages", flags.messages);
  app.add_option("--seed", flags.seed);
  app.add_option("--loss", flags.faults.loss);
  app.add_option("--duplicate", flags.faults.duplicate);
  app.add_option("--reorder", flags.faults.reorder);
  CLI11_PARSE(app, argc, argv);
  return lowband::test::Run(flags);
}
