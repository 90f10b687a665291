#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowband/commands.h"
#include "tools/lowband/help_format.h"
#include "tools/lowband/load.h"

namespace lowband::tools {
namespace {

constexpr const char* kHandshake = "handshake";

constexpr const char* kFooter =
    R"(URL names the server: coaps://HOST[:PORT], as for `lowband request`.

An operation is "[WEIGHT*]METHOD PATH[?QUERY] [BODY]". In its path or query {n} is a number unique
to each request of the run, and {run} is unique to the run. BODY is JSON, or @FILE, and is sent as
CBOR. The names versions, send, sync, members and messages stand for operations of the Matrix API
that scripts/bench compares, and handshake for handshakes only: --requests of them, --sessions at
once.

Each session has one request at a time under way, or --in-flight. With --token the first request of
each session carries the token, and the others wait for its answer.

Bytes are UDP payload plus 28 per datagram for the headers of IPv4 and UDP (48 for IPv6). All
figures exclude connecting and warm-up.

Examples:
  lowband load -k --operation versions --sessions 32 --requests 20000 coaps://localhost:8008
  lowband load -k --operation handshake --sessions 16 --requests 500 coaps://localhost:8008
  lowband load -k --token @tokens --sessions 100 --seconds 30 --cpu-of $(pgrep -d, lowband-edge) \
    --operation '9*GET /_matrix/client/r0/sync?timeout=0' \
    --operation 'PUT /_matrix/client/r0/rooms/!r:hs/send/m.room.message/{run}{n} {"body":"hi"}' \
    coaps://localhost:8008

Exit status: 0 some operations succeeded (see the failures), 1 none, 2 wrong flags or files.)";

void AddPlanFlags(CLI::App& command, LoadOptions& options) {
  PlanOptions& plan = options.plan;
  command
      .add_option("--operation", plan.operations, "Request to send, any number of times: see below")
      ->allow_extra_args(false)
      ->type_name("OPERATION");
  const auto paths = [&command](const char* name, std::vector<std::string>& value,
                                const char* help) {
    command.add_option(name, value, help)->allow_extra_args(false)->type_name("PATH");
  };
  paths("--get", plan.gets, "Short for --operation 'GET PATH'");
  paths("--put", plan.puts, "PUT, with --data as its body");
  paths("--post", plan.posts, "POST, with --data as its body");
  paths("--delete", plan.deletes, "DELETE");
  command.add_option("-d,--data", plan.data, "Body of every --put and --post: JSON, @FILE or -")
      ->type_name("DATA");
  command.add_option("-H,--header", plan.message.headers, "\"Name: value\" of every request")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  command.add_flag("--enum,!--no-enum", plan.message.path_codes,
                   "Replace paths by their code (default), or send them unchanged");
  command.add_option("--token", options.token,
                     "Access token of all sessions, or @FILE with one per line, assigned in turn");
}

void AddAmountFlags(CLI::App& command, LoadOptions& options) {
  const auto number = [&command](const char* name, uint64_t& value, uint64_t max,
                                 const char* help) {
    command.add_option(name, value, help)
        ->type_name("N")
        ->check(Quiet(CLI::Range(uint64_t{1}, max)))
        ->capture_default_str();
  };
  number("--sessions", options.sessions, kLoadSessionsMax, "Sessions, each with its own port");
  number("--threads", options.threads, kLoadThreadsMax, "Threads that share the sessions");
  number("--in-flight", options.in_flight, client::kRequestsMax, "Requests of a session at once");
  number("--connecting", options.connecting, kLoadSessionsMax,
         "Handshakes at once while connecting");
  number("-n,--requests", options.requests, UINT32_MAX, "Requests to measure");
  command.add_option("--seconds", options.seconds, "Measure for this long, instead of --requests")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0 * 30)));
  command.add_option("--warm-up", options.warm_up, "Requests before the measurement")
      ->type_name("N")
      ->check(Quiet(CLI::Range(uint64_t{0}, uint64_t{UINT32_MAX})));
  command
      .add_option("-m,--max-time", options.answer_seconds,
                  "How long an acknowledged request may wait for its answer")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0)))
      ->capture_default_str();
  command.add_flag("--resume", options.resume,
                   "Resume all handshakes but the first with its session ticket");
}

}  // namespace

std::function<int()> AddLoadCommand(CLI::App& app) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* command = app.add_subcommand("load", "Load generator: many sessions, many requests");
  command->footer(kFooter);
  command->add_option("URL", options->url, "Server to load")->required()->type_name("");
  AddPlanFlags(*command, *options);
  AddAmountFlags(*command, *options);
  command
      ->add_option("--cpu-of", options->cpu_of,
                   "Process whose CPU time during the measurement is reported; any number of times")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("PID");
  command->add_flag("--json", options->json, "Print the figures as one line of JSON");
  command->add_option("--stats-json", options->stats_file, "File to write the same JSON to")
      ->type_name("FILE");
  options->connect.AddTo(*command);
  return [options] {
    options->handshakes = std::erase(options->plan.operations, kHandshake) > 0;
    return RunLoad(*options);
  };
}

}  // namespace lowband::tools
