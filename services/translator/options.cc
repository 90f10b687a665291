#include "services/translator/options.h"

#include "libs/base/log_options.h"
#include "libs/base/options.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/upstream/homeserver.h"

namespace lowband::translator {
namespace {

constexpr const char* kFooter =
    "Example:\n"
    "  lowband-translator --listen 127.0.0.1:9090 --local http://localhost:8008";

// Flags whose stored type differs from the parsed type.
struct Raw {
  uint64_t dtls_port = 0;
};

void DeclareServing(OptionParser& parser, Options& options, Raw& raw) {
  parser.Text("listen", options.listen, "Address for the edges' gRPC; also unix:PATH", "HOST:PORT");
  parser.Text("local", options.upstream.homeserver,
              "The homeserver's client-server API, http:// or https://; with its path prefix, if "
              "it has one",
              "URL");
  parser.Text("advertise", options.mapping.advertise,
              "Public URL of the edge: replaces base_url in .well-known and login answers", "URL");
  parser.Number(
      "dtls-port", raw.dtls_port, 0, 65535,
      "Public UDP port of the edge, announced in /versions; 0: the advertised URL's, else 8008");
  parser.Text("allow-paths", options.mapping.allow_paths,
              "Prefixes of further paths of the homeserver that clients may reach, besides "
              "/_matrix/ and /.well-known/matrix/; / alone: all",
              "/PATH/,…");
  parser.Text("admin-addr", options.admin_addr, "Address for metrics and health over HTTP, or off",
              "HOST:PORT");
  parser.Time("drain-timeout", options.drain_timeout, Duration::zero(), std::chrono::hours(1),
              "On SIGTERM, how long requests in flight may take");
  parser.Switch("check", options.check,
                "Check flags, files and addresses, and exit: 0 if it could start, else 2");
  parser.Switch(
      "healthcheck", options.healthcheck,
      "Ask the running process with this --admin-addr whether it is ready, and exit: 0 or 1");
  parser.Group("MSC3079");
  parser.Choice<mapping::EnumApi>(
      "enum-api", options.mapping.enum_api,
      {{"r0", mapping::EnumApi::kR0}, {"v3", mapping::EnumApi::kV3}},
      "API version of the paths of path codes; homeservers identify transactions by the path");
  parser.Switch("forward-client-ip", options.mapping.forward_client_ip,
                "Send X-Forwarded-For also to a homeserver that is not on a private address");
}

void DeclareUpstream(OptionParser& parser, Options& options) {
  parser.Group("Homeserver connections");
  parser.Text("upstream-ca", options.upstream.ca,
              "Trust these certificates (PEM file or directory) instead of the system's", "PATH");
  parser.Text("upstream-host", options.upstream_host,
              "The homeserver's name in Host: keep (as in --local), advertised (with "
              "X-Forwarded-Proto), or a name. Default: advertised if --advertise is given and the "
              "homeserver is only on private addresses, else keep",
              "NAME");
  parser.Number("upstream-threads", options.upstream.threads, 1, upstream::kUpstreamThreadsMax,
                "Threads for HTTP");
  parser.Number(
      "upstream-max-active", options.upstream.active_max, 1, upstream::kActiveMax,
      "Requests at the homeserver at once; long-polls count, but leave an eighth to others");
  parser.Number("upstream-max-pending", options.upstream.pending_max, 0, upstream::kPendingMax,
                "Requests that may wait for a place at the homeserver");
  parser.Number("upstream-max-polls", options.upstream.polls_per_owner_max, 1, upstream::kActiveMax,
                "Long-polls of one access token over CoAP, and as many over plain HTTP; beyond "
                "that the oldest ends");
  parser.Size("upstream-max-body", options.upstream.response_body_bytes_max, 1024,
              upstream::kResponseBodyMax, "Largest answer, after decompression");
  parser.Time("upstream-connect-timeout", options.upstream.connect_timeout,
              std::chrono::milliseconds(10), std::chrono::minutes(5),
              "Limit for name resolution, TCP and TLS together");
  parser.Time("upstream-connection-life", options.upstream.connection_life,
              upstream::kConnectionLifeMin, upstream::kConnectionLifeMax,
              "Resolve the homeserver's name and connect anew at least this often");
  parser.Size("answer-hold", options.answer_hold, 0, ingress::kAnswersHeldBytesMax,
              "Memory for the rest of large answers until their clients have fetched them (see the "
              "edges' --answer-window); 0: edges get all answers whole");
  parser.Time("request-timeout", options.mapping.request_timeout, mapping::kRequestTimeoutMin,
              mapping::kRequestTimeoutMax,
              "How long an ordinary request may take; for joins and initial syncs the edge's "
              "--exchange-timeout counts");
  parser.Number("relay-max", options.relay_max, 0, ingress::kRelaysMax,
                "Transfers of plain HTTP at once; long-polls count, but leave an eighth to others. "
                "0: 24,576, or as many as the process may open");
}

void DeclareRest(OptionParser& parser, Options& options) {
  parser.Group("Tracing");
  parser.Number("trace-one-in", options.mapping.trace_one_in, 0, mapping::kTraceOneInMax,
                "Add a W3C traceparent to requests without one, sampled for one in N; 0: add none");
  parser.Group("gRPC security");
  parser.Text("grpc-cert", options.security.cert_file, "Certificate chain for mutual TLS", "FILE");
  parser.Text("grpc-key", options.security.key_file, "Its private key", "FILE");
  parser.Text("grpc-ca", options.security.ca_file, "Authority that signs the edges' certificates",
              "FILE");
  parser.Switch("insecure-grpc", options.security.insecure,
                "Allow plaintext on all addresses, not only on loopback and unix sockets");
  DeclareLog(parser, options.log_level, options.log_format);
}

}  // namespace

std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options) {
  OptionParser parser(
      "lowband-translator",
      "Translates between Lowband's edge (CoAP, CBOR) and a homeserver (HTTP, JSON).", kFooter);
  Raw raw;
  DeclareServing(parser, options, raw);
  DeclareUpstream(parser, options);
  DeclareRest(parser, options);
  if (const auto code = parser.Parse(argc, argv)) return code;
  options.sources = parser.sources();
  if (options.healthcheck) return std::nullopt;  // Only the address is needed.

  if (raw.dtls_port != 0) options.mapping.dtls_port = static_cast<uint16_t>(raw.dtls_port);
  options.upstream.Validate();
  (void)upstream::DecidePublicName(options.upstream_host, options.mapping.advertise, false);
  options.mapping.Validate();
  return std::nullopt;
}

}  // namespace lowband::translator
