#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowband/commands.h"
#include "tools/lowband/compression.h"
#include "tools/lowband/help_format.h"
#include "tools/lowband/request.h"

namespace lowband::tools {
namespace {

constexpr const char* kFooter =
    R"(URL is coaps://HOST[:PORT]/PATH?QUERY. https:// and http:// mean coaps:// too, coap:// is plain
UDP. Without a port: 5684 for coaps, 5683 for coap, 8008 for https and http.

Bodies are JSON on both ends of this command and CBOR on the wire. With --cbor, or with a
Content-Type header, the body is sent unchanged. An answer in CBOR is printed as JSON.

With --batch FILE, many requests go over one session, each after the answer to the one before. A
line of FILE (- is standard input, which may be a pipe to a program) is METHOD PATH [BODY]; the URL
has no path. For each, a line of JSON with code, traffic and answer is printed.

Examples:
  lowband request -k https://localhost:8008/_matrix/client/versions
  lowband request -k -d '{"auth":{"type":"m.login.dummy"},"username":"foo","password":"bar"}' \
    https://localhost:8008/_matrix/client/r0/register
  lowband request -v -k -H "Authorization: Bearer $TOKEN" \
    'https://localhost:8008/_matrix/client/r0/sync?timeout=0'
  lowband request -X PUT --token "$TOKEN" -d @message.json \
    coaps://matrix.example/_matrix/client/r0/rooms/$ROOM/send/m.room.message/txn1

SSLKEYLOGFILE=FILE appends the secrets of the session to FILE, for Wireshark.

Exit status: 0 the answer is a 2.xx, or none was requested, 1 another answer, or none came, 2 wrong
flags or files.)";

void AddMessageFlags(CLI::App& command, RequestOptions& options) {
  MessageOptions& message = options.message;
  command.add_option("-X,--request", message.method,
                     "GET, POST, PUT, DELETE or FETCH; without it GET, or POST with -d");
  command
      .add_option_function<std::string>(
          "-d,--data,--data-binary,--json",
          [&options](const std::string& text) { options.data = text; },
          "Body: the text itself, @FILE, or - for standard input")
      ->type_name("DATA");
  command
      .add_option("-H,--header", message.headers,
                  "\"Name: value\", any number of times. Authorization (Bearer), Content-Type, "
                  "Accept, User-Agent, If-Match and If-None-Match have CoAP options; write "
                  "versions as -i shows them")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  command.add_option("--token", message.token, "Access token, without \"Bearer\" (option 256)");
  command
      .add_option_function<unsigned>(
          "--key-table", [&message](unsigned version) { message.key_table = version; },
          "Key table for both sides, sent to the server (option 257): 0 none, 1 that of MSC3079. "
          "Default: 1, without the option")
      ->check(Quiet(CLI::IsMember({0, 1})))
      ->type_name("VERSION");
  command.add_flag("--cbor", message.raw_cbor, "Bodies are CBOR both ways, without conversion");
  AddCompression(command, message.compression);
  command.add_flag("--enum,!--no-enum", message.path_codes,
                   "Replace paths by their code (default), or send them unchanged");
  command.add_flag("!--non", message.confirmable,
                   "Send the request as NON, without acknowledgement");
  command.add_flag_function(
      "--no-response,!--response", [&message](int64_t count) { message.no_response = count > 0; },
      "Request only an acknowledgement and no answer, not even for errors (RFC 7967), so that the "
      "result stays unknown. Default: only for typing and receipts");
}

void AddOutputFlags(CLI::App& command, RequestOptions& options) {
  command.add_flag("-i,--include", options.include, "Print code and options before the body");
  command.add_flag("-v,--verbose", options.verbose,
                   "Print each datagram, the bytes on the wire, round trips and time");
  command
      .add_flag("--dump", options.dump,
                "With -v, also print the bytes of each datagram and of the message in it, "
                "decrypted: the first message contains the access token")
      ->needs("--verbose");
  command.add_flag("-s,--silent", options.silent, "Print no warnings");
  command.add_flag_function(
      "--pretty,!--compact", [&options](int64_t count) { options.pretty = count > 0; },
      "Print JSON in indented lines, or in one; default: indented on a terminal");
  command.add_option("-o,--output", options.output, "File for the body, or - (default)")
      ->type_name("FILE");
  command
      .add_option("--stats-json", options.stats_file,
                  "File for bytes of UDP payload, datagrams and times, as JSON")
      ->type_name("FILE");
}

}  // namespace

std::function<int()> AddRequestCommand(CLI::App& app) {
  auto options = std::make_shared<RequestOptions>();
  CLI::App* command = app.add_subcommand("request", "One request over CoAP, with curl's flags");
  command->footer(kFooter);
  command->add_option("URL", options->url, "URL to request")->required()->type_name("");
  AddMessageFlags(*command, *options);
  AddOutputFlags(*command, *options);
  options->connect.AddTo(*command);
  command->add_option("-m,--max-time", options->max_seconds, "Time limit for the whole run")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.001, 86400.0)))
      ->capture_default_str();
  command
      ->add_option("--session", options->session_file,
                   "File for the session ticket, so that only the first call makes a full "
                   "handshake. It contains keys")
      ->type_name("FILE");
  command
      ->add_option("--batch", options->batch,
                   "File of requests, METHOD PATH [BODY] a line, or - for standard input")
      ->type_name("FILE")
      ->excludes("--request")
      ->excludes("--data")
      ->excludes("--include")
      ->excludes("--output")
      ->excludes("--stats-json")
      ->excludes("--session");
  return [options] { return RunRequest(*options); };
}

}  // namespace lowband::tools
