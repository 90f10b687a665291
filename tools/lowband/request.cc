#include "tools/lowband/request.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>

#include "libs/client/connection.h"
#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/json_layout.h"
#include "tools/lowband/message_text.h"
#include "tools/lowband/request_batch.h"
#include "tools/lowband/traffic_log.h"
#include "tools/lowband/url.h"

namespace lowband::tools {
namespace {

constexpr int kPrivateMode = 0600;

TimePoint Now() { return std::chrono::steady_clock::now(); }

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::string ResponseHead(const client::Response& response) {
  std::string head = "CoAP " + CodeText(response.code) + "\n";
  for (const auto& option : response.options) {
    if (option.number == coap::OptionNumber::kBlock1 ||
        option.number == coap::OptionNumber::kBlock2) {
      continue;  // of the last block only: they do not describe the answer
    }
    head += OptionText(option.number, option.value) + "\n";
  }
  return head + "\n";
}

Bytes PrintedBody(const RequestOptions& options, const client::Response& response) {
  const auto json = options.message.raw_cbor ? std::nullopt : BodyAsJson(response);
  if (!json) return response.body;
  const bool pretty = options.pretty.value_or(options.output == "-" && StandardOutputIsTerminal());
  const std::string text = pretty ? LayOut(*json) + "\n" : *json;
  return {text.begin(), text.end()};
}

void PrintResponse(const RequestOptions& options, const client::Response& response) {
  Bytes out;
  if (options.include) Append(out, AsBytes(ResponseHead(response)));
  Append(out, PrintedBody(options, response));
  if (options.output == "-") {
    WriteStandardOutput(out);
  } else {
    WriteFile(options.output, out);
  }
}

void PrintConnected(const client::Connection& connection, const client::Config& config,
                    const client::Connected& connected) {
  std::cerr << "* connected to " << connection.server().Text();
  if (config.secure) {
    std::cerr << ": DTLS 1.2, " << connected.cipher_suite
              << (connected.resumed ? ", resumed" : ", full handshake")
              << (connected.connection_id ? ", with connection ID" : ", without connection ID")
              << (config.trust ? "" : ", certificate not verified");
  } else {
    std::cerr << " by plain UDP";
  }
  std::cerr << '\n';
}

// For a request without an answer and without a handshake: empty if the server is reachable, else
// the reason why that is unknown.
std::string AskWhoIsThere(client::Connection& connection, TimePoint deadline) {
  connection.session().Ping(Now());
  while (const auto event = connection.Wait(std::max<Duration>(deadline - Now(), {}))) {
    if (const auto* pong = std::get_if<client::Pong>(&*event); pong && pong->answered) return "";
    if (const auto* end = std::get_if<client::Disconnected>(&*event)) return end->detail;
  }
  return "no message from the server within the time limit";
}

// The ticket of an earlier call; empty: the handshake is full.
Bytes LoadTicket(const std::string& path) {
  if (path.empty() || access(path.c_str(), F_OK) != 0) return {};
  return ReadFile(path);
}

class Exchange {
 public:
  Exchange(const RequestOptions& options, Url url, BuiltRequest built)
      : options_(options),
        url_(std::move(url)),
        built_(std::move(built)),
        traffic_(options.verbose, options.dump) {}

  int Run() {
    const auto key_log = KeyLogFromEnvironment();
    client::Config config = options_.connect.MakeConfig(url_.secure);
    config.key_log = key_log.get();
    config.session_ticket = !options_.session_file.empty();
    config.resume = LoadTicket(options_.session_file);
    if (!options_.silent) {
      config.upload_restarted = [](client::RequestId) {
        std::cerr << "lowband request: warning: the server no longer has the earlier blocks "
                     "(4.08); the upload starts over\n";
      };
    }
    config.trace = [this](const client::DatagramTrace& trace) { traffic_.Note(trace); };
    const Duration limit = Seconds(options_.max_seconds);
    config.handshake_timeout = std::min(config.handshake_timeout, limit);
    config.answer_timeout = limit;
    const TimePoint deadline = Now() + limit;
    auto connection = client::Connection::Open(url_.host, url_.port, config);
    if (!connection) return Fail("request", connection.error(), kExitFailure);
    traffic_.BeginExchange(Now());
    if (options_.verbose) PrintConnected(**connection, config, (*connection)->connected());
    const bool confirmable = built_.request.confirmable;
    auto response = (*connection)->Exchange(std::move(built_.request), deadline - Now());
    const bool unanswered = response && response->code.is_empty();
    if (unanswered && !confirmable && !url_.secure) {
      if (auto problem = AskWhoIsThere(**connection, deadline); !problem.empty()) {
        response = Failure(std::move(problem));
      }
    }
    traffic_.EndExchange(Now());
    SaveTicket(**connection);
    const unsigned headers = IpUdpBytes((*connection)->server());
    (*connection)->Close();
    if (options_.verbose) std::cerr << traffic_.Summary(headers);
    if (!options_.stats_file.empty()) WriteFile(options_.stats_file, AsBytes(traffic_.Json()));
    if (!response) return Fail("request", response.error(), kExitFailure);
    if (unanswered && options_.verbose) {
      std::cerr << (confirmable ? "* acknowledged" : "* sent once")
                << "; its result is unknown: no answer was requested (--response requests "
                   "one)\n";
    }
    PrintResponse(options_, *response);
    return response->code.cls() == 2 || response->code.is_empty() ? kExitOk : kExitFailure;
  }

 private:
  void SaveTicket(client::Connection& connection) const {
    if (options_.session_file.empty()) return;
    const Bytes ticket = connection.session().SaveTicket();
    // It holds the keys of the session.
    if (!ticket.empty()) WriteFile(options_.session_file, ticket, kPrivateMode);
  }

  const RequestOptions& options_;
  Url url_;
  BuiltRequest built_;
  TrafficLog traffic_;
};

}  // namespace

int RunRequest(RequestOptions options) {
  if (!options.batch.empty()) return RunBatch(options);
  std::ranges::transform(options.message.method, options.message.method.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  auto url = ParseUrl(options.url);
  if (!url) throw UsageError(url.error());
  const Bytes body = options.data ? ReadData(*options.data) : Bytes{};
  // As in curl, -d with empty data makes a POST.
  if (options.message.method.empty() && options.data) options.message.method = "POST";
  auto built = BuildRequest(options.message, *url, body);
  if (!built) throw UsageError(built.error());
  if (!options.silent) {
    for (const std::string& name : built->ignored_headers) {
      std::cerr << "lowband request: warning: CoAP has no option for the header " << name
                << "; it is not sent\n";
    }
  }
  return Exchange(options, std::move(*url), std::move(*built)).Run();
}

}  // namespace lowband::tools
