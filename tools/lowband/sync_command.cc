#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowband/commands.h"
#include "tools/lowband/help_format.h"
#include "tools/lowband/sync.h"

namespace lowband::tools {
namespace {

constexpr const char* kFooter =
    R"(URL is coaps://HOST[:PORT]; the path of /sync is added. Schemes and ports are those of
"lowband request". Queries of the URL are sent along (set_presence=offline, say).

/sync is observed (RFC 7641): the server tells when there is something new, and nothing is on the
wire until then but a ping. Where the server does not let it be observed, it is polled.

Events go to standard output, one a line: ROOM SENDER TYPE and, for messages, the beginning of
their text. Events without a room or sender have "-" there. What the connection goes through goes to
standard error, and at the end what was received and what it cost, in bytes of UDP payload.

Where the server leaves events of a room out, because there are too many since the last batch, a
line on standard error says so, with the token (prev_batch) from which /messages goes back.

SIGINT or SIGTERM ends the observation and the run; a second one does not wait for the server.

Examples:
  lowband sync -k --token-file token --cursor cursor coaps://localhost:8008
  lowband sync --token-file token --json coaps://matrix.example | jq .content
  lowband sync --token-file token --seconds 600 --path /_matrix/client/v3/sync \
    --filter '{"room":{"timeline":{"limit":1}}}' coaps://matrix.example

SSLKEYLOGFILE=FILE appends the secrets of the session to FILE, for Wireshark.

Exit status: 0 ended as asked, 1 no connection at first, or an answer that says that going on makes
no sense (the access token is refused), 2 wrong flags or files.)";

void AddAskFlags(CLI::App& command, SyncOptions& options) {
  MessageOptions& message = options.message;
  command
      .add_option("-H,--header", message.headers,
                  "\"Name: value\", any number of times. Authorization (Bearer), Accept and "
                  "User-Agent have CoAP options")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  CLI::Option* token = command.add_option(
      "--token", message.token, "Access token, without \"Bearer\" (option 256); others can see it");
  command.add_option("--token-file", options.token_file, "File that holds the access token")
      ->type_name("FILE")
      ->excludes(token);
  command
      .add_option_function<unsigned>(
          "--key-table", [&message](unsigned version) { message.key_table = version; },
          "Key table that the server is to use (option 257): 0 none, 1 that of MSC3079. Without it "
          "1 is used and nothing is told")
      ->check(Quiet(CLI::IsMember({0, 1})))
      ->type_name("VERSION");
  command.add_flag("--compressed", message.compressed,
                   "Bodies under deflate, both ways, where that is shorter (Content-Formats 11060 "
                   "and 11050); the server must know it, as Lowband does");
  command
      .add_option("--path", options.path,
                  "Path to sync by, sent as it is; without it \"7\", the code of "
                  "/_matrix/client/r0/sync")
      ->type_name("PATH");
  command.add_option("--filter", options.filter, "What to leave out: JSON, or the id of a filter")
      ->type_name("FILTER");
  command
      .add_option("--timeout", options.timeout_ms,
                  "Milliseconds that the homeserver may wait for something new")
      ->type_name("MS")
      ->check(Quiet(CLI::Range(uint64_t{0}, uint64_t{3'600'000})))
      ->capture_default_str();
  command.add_flag("--poll", options.poll, "Ask again and again instead of observing");
}

void AddRunFlags(CLI::App& command, SyncOptions& options) {
  command
      .add_option("--cursor", options.cursor_file,
                  "File that keeps the point up to which events were printed, and from which the "
                  "next run goes on. Without it each run begins with an initial sync")
      ->type_name("FILE");
  command.add_flag("--json", options.json,
                   "Print each event as one line of JSON, with its room_id and section, such as "
                   "join.timeline");
  command.add_flag("--once", options.once, "End after the first batch of events");
  command.add_option("--seconds", options.seconds, "End after this long; without it never")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0 * 365)));
  command
      .add_option("--keepalive", options.keepalive_seconds,
                  "Silence of an observation after which a ping asks whether the server is there")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0)))
      ->capture_default_str();
  command
      .add_option("--reconnect-wait", options.reconnect_wait_seconds,
                  "Wait before the first attempt to reconnect, or to ask again after an error; the "
                  "next are twice as long each, up to 60. All are shortened at random, by half at "
                  "most")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 3600.0)))
      ->capture_default_str();
  command.add_flag("-v,--verbose", options.verbose, "Print each datagram");
}

}  // namespace

std::function<int()> AddSyncCommand(CLI::App& app) {
  auto options = std::make_shared<SyncOptions>();
  CLI::App* command = app.add_subcommand("sync", "Follow /sync and print the events");
  command->footer(kFooter);
  command->add_option("URL", options->url, "Server to follow")->required()->type_name("");
  AddAskFlags(*command, *options);
  AddRunFlags(*command, *options);
  options->connect.AddTo(*command);
  return [options] { return RunSync(*options); };
}

}  // namespace lowband::tools
