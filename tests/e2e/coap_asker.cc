// Asks over one CoAP session what it is told, option for option: how the differential test says
// requests that no client program would. Bodies and values go through untouched, so that nothing
// of ours reads or makes them.
//
// Usage: coap_asker --server PORT. Each line of standard input is one request,
//   {"method": 1, "options": [[11, "5f6d"], …], "body": "a0"}
// and is answered by one line, {"code": 69, "options": […], "body": "…"} or {"failed": "…"}.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

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

int Run(uint16_t server) {
  auto connection = client::Connection::Open("127.0.0.1", server, {});
  if (!connection) {
    std::fprintf(stderr, "coap_asker: %s\n", connection.error().c_str());
    return 1;
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
  app.add_option("--server", server)->required();
  CLI11_PARSE(app, argc, argv);
  return lowband::test::Run(server);
}
