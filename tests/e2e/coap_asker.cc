// Asks over one CoAP session what it is told, option for option: how the differential test says
// requests that no client program would. Bodies and values go through untouched, so that nothing
// of ours reads or makes them.
//
// Usage: coap_asker --server PORT. Each line of standard input is one request,
//   {"method": 1, "options": [[11, "5f6d"], …], "body": "a0"}
// and is answered by one line, {"code": 69, "options": […], "body": "…"} or {"failed": "…"}.
//
// With --observe SECONDS all requests, up to the end of standard input, are to observe, and go side
// by side. For so long each answer and notification is one line with "of" besides, the place of its
// request; {"of": 0, "ended": "…"} if an observation ends.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libs/client/connection.h"

namespace lowband::test {
namespace {

constexpr Duration kAnswerLimit = std::chrono::minutes(2);

Bytes FromHex(const std::string& text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

client::Request Read(const nlohmann::json& told) {
  client::Request request;
  request.method.value = told.at("method").get<uint8_t>();
  for (const auto& option : told.at("options")) {
    request.options.push_back({static_cast<coap::OptionNumber>(option.at(0).get<uint16_t>()),
                               FromHex(option.at(1).get<std::string>())});
  }
  request.body = FromHex(told.at("body").get<std::string>());
  return request;
}

nlohmann::json Tell(const Result<client::Response, std::string>& response) {
  if (!response) return {{"failed", response.error()}};
  auto options = nlohmann::json::array();
  for (const client::OutgoingOption& option : response->options) {
    options.push_back({static_cast<uint16_t>(option.number), ToHex(option.value)});
  }
  return {{"code", response->code.value}, {"options", options}, {"body", ToHex(response->body)}};
}

/// An answer, notification or end of one of `observed`; none for other events.
std::optional<nlohmann::json> TellEvent(const client::Event& event,
                                        const std::vector<client::RequestId>& observed) {
  nlohmann::json told;
  client::RequestId id = 0;
  if (const auto* response = std::get_if<client::Response>(&event)) {
    id = response->id;
    told = Tell(*response);
  } else if (const auto* news = std::get_if<client::Notification>(&event)) {
    id = news->id;
    told = Tell(client::Response{id, news->code, news->options, news->body});
  } else if (const auto* ended = std::get_if<client::ObservationEnded>(&event)) {
    id = ended->id;
    told = {{"ended", Text(ended->reason)}};
  } else if (const auto* failed = std::get_if<client::RequestFailed>(&event)) {
    id = failed->id;
    told = {{"ended", Text(failed->failure)}};
  }
  const auto of = std::ranges::find(observed, id);
  if (of == observed.end()) return std::nullopt;
  told["of"] = of - observed.begin();
  return told;
}

int Observe(client::Connection& connection, Duration duration) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  std::vector<client::RequestId> observed;
  for (std::string line; std::getline(std::cin, line);) {
    observed.push_back(connection.session().Observe(now(), Read(nlohmann::json::parse(line))));
  }
  const TimePoint end = now() + duration;
  while (now() < end) {
    const auto event = connection.Wait(end - now());
    const auto told = event ? TellEvent(*event, observed) : std::nullopt;
    if (told) std::cout << told->dump() << std::endl;
  }
  return 0;
}

int Run(uint16_t server, double observe_seconds) {
  auto connection = client::Connection::Open("127.0.0.1", server, {});
  if (!connection) {
    std::fprintf(stderr, "coap_asker: %s\n", connection.error().c_str());
    return 1;
  }
  if (observe_seconds > 0) {
    const std::chrono::duration<double> seconds(observe_seconds);
    return Observe(**connection, std::chrono::duration_cast<Duration>(seconds));
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto told = nlohmann::json::parse(line);
    std::cout << Tell((*connection)->Exchange(Read(told), kAnswerLimit)).dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace lowband::test

int main(int argc, char** argv) {
  uint16_t server = 0;
  CLI::App app("Asks over one CoAP session what standard input tells");
  double observe_seconds = 0;
  app.add_option("--server", server)->required();
  app.add_option("--observe", observe_seconds);
  CLI11_PARSE(app, argc, argv);
  return lowband::test::Run(server, observe_seconds);
}
