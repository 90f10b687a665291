// Requests to the upstream client and what comes of them, in a few words.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/translator/upstream/client.h"
#include "services/translator/upstream/counters.h"
#include "tests/support/http_server.h"

namespace lowband::translator::testing {

using Outcome = Result<mapping::HttpResponse, mapping::UpstreamFault>;

inline constexpr std::chrono::seconds kLong{20};  // never reached unless something is broken

inline upstream::UpstreamConfig ConfigFor(const std::string& url) {
  upstream::UpstreamConfig config;
  config.homeserver = url;
  return config;
}

inline mapping::HttpRequest Get(std::string target = "/_matrix/client/versions") {
  mapping::HttpRequest request;
  request.target = std::move(target);
  request.timeout = kLong;
  return request;
}

inline mapping::HttpRequest With(mapping::HttpMethod method, std::string body) {
  mapping::HttpRequest request = Get("/_matrix/client/r0/x");
  request.method = method;
  request.body = std::move(body);
  if (!request.body.empty()) request.content_type = "application/json";
  return request;
}

inline std::future<Outcome> Begin(upstream::UpstreamClient& client, mapping::HttpRequest request) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  client.Submit(std::move(request),
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

inline Outcome Exchange(upstream::UpstreamClient& client, mapping::HttpRequest request) {
  return Begin(client, std::move(request)).get();
}

/// The fault of an exchange, as its text; "answer" if there was none.
inline std::string FaultOf(const Outcome& outcome) {
  return outcome ? "answer" : std::string(Text(outcome.error()));
}

inline uint64_t FaultCount(const upstream::UpstreamClient& client, mapping::UpstreamFault fault) {
  return client.counters().faults[static_cast<size_t>(fault)].load();
}

/// A port of the loopback that nobody listens on.
inline uint16_t ClosedPort() { return HttpServer(Always("")).port(); }

/// Blocks a script until the test says go; every script goes when the gate is destroyed.
class Gate {
 public:
  ~Gate() { Open(); }
  void Open() {
    if (!opened_.exchange(true)) promise_.set_value();
  }
  void Wait() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
  std::atomic<bool> opened_{false};
};

}  // namespace lowband::translator::testing
