#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowband/commands.h"
#include "tools/lowband/compression.h"
#include "tools/lowband/help_format.h"
#include "tools/lowband/sync.h"

namespace lowband::tools {
namespace {

constexpr const char* kFooter =
    R"(URL is coaps://HOST[:PORT]; the path of /sync is added. Schemes and ports are those of
"lowband request". Queries of the URL are sent with it (for example set_presence=offline).

With --sliding it follows sliding sync (MSC4186) instead. The parameters are a FETCH request's body,
which is observed with them (RFC 8132); --body replaces the default: the 20 latest rooms with 20
events each, and the extensions to_device, e2ee, account_data, receipts and typing. The position
(pos) belongs to --cursor.

The command observes /sync (RFC 7641): the server sends news as notifications, and until then only
pings are on the wire. If the server does not support that, the command polls.

Events go to standard output, one a line: ROOM SENDER TYPE and, for messages, the beginning of
their text. Events without a room or sender have "-" there. Changes of the connection go to standard
error, and at the end the number of events and their cost, in bytes of UDP payload.

If the server omits events of a room, because there are too many since the last batch, a line on
standard error names the room and the token (prev_batch) from which /messages goes back.

SIGINT or SIGTERM ends the observation and the run; a second one does not wait for the server.

Examples:
  lowband sync -k --token-file token --cursor cursor coaps://localhost:8008
  lowband sync --token-file token --json coaps://matrix.example | jq .content
  lowband sync --token-file token --seconds 600 --path /_matrix/client/v3/sync \
    --filter '{"room":{"timeline":{"limit":1}}}' coaps://matrix.example

  lowband sync --token-file token --sliding --cursor cursor \
    --body '{"conn_id":"x","lists":{"all":{"ranges":[[0,9]],"timeline_limit":5,
             "required_state":[]}}}' coaps://matrix.example

SSLKEYLOGFILE=FILE appends the secrets of the session to FILE, for Wireshark.

Exit status: 0 ended as requested, 1 no first connection, or an error that repeats cannot solve (the
access token is refused), 2 wrong flags or files.)";

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
          "Key table for the server (option 257): 0 none, 1 that of MSC3079. Default: 1, without "
          "the option")
      ->check(Quiet(CLI::IsMember({0, 1})))
      ->type_name("VERSION");
  AddCompression(command, message.compression);
  command
      .add_option("--path", options.path,
                  "Path of the sync, sent unchanged; default: \"7\", the code of "
                  "/_matrix/client/r0/sync, and of sliding sync its unstable path; "
                  "/_matrix/client/v4/sync is the other")
      ->type_name("PATH");
  CLI::Option* filter = command.add_option("--filter", options.filter,
                                           "Filter of the sync: JSON, or the id of a filter");
  filter->type_name("FILTER");
  CLI::Option* sliding =
      command.add_flag("--sliding", options.sliding, "Follow sliding sync (MSC4186)");
  sliding->excludes(filter);
  command
      .add_option("--body", options.body,
                  "Parameters of sliding sync: a JSON object, @FILE or - for standard input")
      ->type_name("JSON")
      ->needs(sliding);
  command
      .add_option("--timeout", options.timeout_ms,
                  "Milliseconds that the homeserver may wait for news")
      ->type_name("MS")
      ->check(Quiet(CLI::Range(uint64_t{0}, uint64_t{3'600'000})))
      ->capture_default_str();
  command.add_flag("--poll", options.poll, "Poll instead of observing");
}

void AddRunFlags(CLI::App& command, SyncOptions& options) {
  command
      .add_option("--cursor", options.cursor_file,
                  "File for the position after the last printed event, from which the next run "
                  "continues. Without it each run begins with an initial sync")
      ->type_name("FILE");
  command.add_flag("--json", options.json,
                   "Print each event as one line of JSON, with its room_id and section, such as "
                   "join.timeline");
  command.add_flag("--once", options.once, "End after the first batch of events");
  command.add_option("--seconds", options.seconds, "End after this time; default: never")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0 * 365)));
  command
      .add_option("--keepalive", options.keepalive_seconds,
                  "Silence of an observation after which a ping checks the server")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 86400.0)))
      ->capture_default_str();
  command
      .add_option(
          "--reconnect-wait", options.reconnect_wait_seconds,
          "Wait before the first attempt to reconnect, or to repeat a request after an error; each "
          "next wait is twice as long, up to 60. All are shortened at random, by half at most")
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
