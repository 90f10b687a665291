#include "services/edge/options.h"

#include <algorithm>
#include <thread>

#include "libs/base/config_error.h"
#include "libs/base/log_options.h"
#include "libs/base/options.h"
#include "libs/base/public_url.h"
#include "services/edge/admission/limits.h"
#include "services/edge/limits.h"

namespace lowband::edge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kFooter =
    "SSLKEYLOGFILE=FILE writes the sessions' secrets to FILE for a packet analyser: for debugging\n"
    "only, since FILE decrypts all traffic.\n\n"
    "Example:\n"
    "  lowband-edge --translator 127.0.0.1:9090 --tls-cert cert.pem --tls-key key.pem";

// Flags whose stored type differs from the parsed type.
struct Raw {
  uint64_t default_key_table = 1;
  bool no_stale_alert = false;
};

void DeclareServing(OptionParser& parser, Options& options) {
  parser.Text("dtls-bind-addr", options.dtls_bind_addr,
              "UDP address to listen on; an empty host means all addresses, IPv4 and IPv6",
              "HOST:PORT");
  parser.Text("tls-cert", options.tls_cert, "Certificate chain, PEM; read again when it changes",
              "FILE");
  parser.Text("tls-key", options.tls_key, "Its private key, PEM", "FILE");
  parser.Text("translator", options.translator,
              "Address of the translators: dns:///NAME:PORT, HOST:PORT or unix:PATH", "TARGET");
  parser.Text("advertise", options.advertise,
              "Public URL: serve plain Matrix HTTP also on TCP, at the same address and port; "
              "HTTPS with the same certificate if the URL is https",
              "URL");
  parser.Text("admin-addr", options.admin_addr, "Address for metrics and health over HTTP, or off",
              "HOST:PORT");
  parser.Number("workers", options.workers, 0, kWorkersMax, "Worker threads; 0: one per core");
  parser.Time("drain-timeout", options.drain_timeout, Duration::zero(), hours(24),
              "On SIGTERM, how long requests in flight may take");
  parser.Switch("check", options.check,
                "Check flags, files and addresses, and exit: 0 if it could start, else 2");
  parser.Switch(
      "healthcheck", options.healthcheck,
      "Ask the running process with this --admin-addr whether it is ready, and exit: 0 or 1");
}

void DeclareCoap(OptionParser& parser, Options& options, Raw& raw) {
  parser.Group("CoAP and MSC3079");
  parser.Time(
      "ack-delay", options.pipeline.message.ack_delay, milliseconds(0), seconds(8),
      "How long the acknowledgement waits for its answer, to save two datagrams per request");
  parser.Choice<coap::CodeSet>(
      "codes", options.pipeline.request.codes,
      {{"deployed", coap::CodeSet::kDeployed}, {"rfc8075", coap::CodeSet::kRfc8075}},
      "CoAP codes: those that matrix-org/lb clients support, or all of RFC 8075; the "
      "translators follow");
  parser.Number("default-key-table", raw.default_key_table, 0, 1,
                "CBOR key table for clients that name none: 0 strings, 1 integers");
  parser.Time("exchange-timeout", options.pipeline.request.exchange_timeout, seconds(1),
              request::kExchangeTimeoutMax,
              "The longest wait for a translator's answer, used for joins and initial syncs");
  parser.Size("max-request-body", options.pipeline.request.request_body_bytes_max, 1024, 64 << 20,
              "Largest body of a request, sent in blocks");
  parser.Size("answer-window", options.pipeline.request.answer_window, 0, request::kAnswerWindowMax,
              "Part of a larger answer to a GET that the edge keeps while its client fetches it, 8 "
              "KiB at least; the translator holds the rest. 0: the edge keeps every answer whole");
  parser.Size("max-response-body", options.pipeline.uplink.answer_bytes_max, 1024,
              uplink::kAnswersBytesMax,
              "Largest body of an answer; a longer one is answered by 502");
}

void DeclareDtls(OptionParser& parser, Options& options, Raw& raw) {
  dtls::Config& dtls = options.pipeline.dtls;
  parser.Group("DTLS");
  parser.Number("max-sessions", options.admission.sessions, 1, admission::kSessionsMax,
                "Sessions held at once");
  parser.Time("idle-timeout", dtls.idle_timeout, seconds(10), hours(24 * 30),
              "A session ends after so long without data from its client");
  parser.Number("max-handshakes", options.admission.handshakes, 1, admission::kHandshakesMax,
                "Handshakes under way at once");
  parser.Number("handshake-rate", options.admission.handshakes_per_prefix_rate, 0, 1'000'000,
                "Full handshakes a second from one IPv4 address or IPv6 /56; 0: no limit. Resumed "
                "sessions count an eighth");
  parser.Number("handshake-burst", options.admission.handshakes_per_prefix_burst, 1, 1'000'000,
                "Full handshakes at once from one IPv4 address or IPv6 /56");
  parser.Switch("no-stale-alert", raw.no_stale_alert,
                "Send clients of a lost session no alert to dial again");
  parser.Switch("allow-ccm8", dtls.allow_ccm8, "Offer AES-128-CCM and CCM-8 too");
}

void DeclareHttp(OptionParser& parser, Options& options) {
  fallback::Config& http = options.fallback;
  parser.Group("HTTP on TCP (with --advertise)");
  parser.Number("http-max-connections", options.http_connections_max, 0, fallback::kConnectionsMax,
                "Connections at once; a waiting sync holds one. When all are taken, the network "
                "with most makes room. 0: 20,480, or as many as the process may open");
  parser.Size("http-max-body", http.body_bytes_max, 1024, fallback::kBodyBytesMax,
              "Largest body of a request; the homeserver has a limit of its own");
  parser.Time("http-idle-timeout", http.idle_timeout, seconds(1), hours(1),
              "How long a connection may wait for its next request");
  parser.Time("http-stall-timeout", http.stall_timeout, seconds(1), hours(1),
              "A client that moves less than 1 KiB in this time is cut off");
  parser.Switch("trust-forwarded-for", http.trust_forwarded_for,
                "Trust X-Forwarded-For and -Proto; only if nothing but your proxy can connect");
}

void DeclareRest(OptionParser& parser, Options& options) {
  parser.Group("gRPC to the translators");
  parser.Number("lanes", options.pipeline.uplink.lanes, 1, uplink::kLanesMax,
                "Least number of streams that each worker keeps open; one to each translator");
  parser.Text("grpc-cert", options.security.cert_file, "Certificate chain for mutual TLS", "FILE");
  parser.Text("grpc-key", options.security.key_file, "Its private key", "FILE");
  parser.Text("grpc-ca", options.security.ca_file,
              "Authority that signs the translators' certificates", "FILE");
  parser.Switch("insecure-grpc", options.security.insecure,
                "Allow plaintext to all addresses, not only to loopback and unix sockets");
  DeclareLog(parser, options.log_level, options.log_format);
}

// Sets the limits that follow from others.
void Derive(PipelineConfig& pipeline, size_t sessions, size_t workers) {
  pipeline.request.ScaleTo(sessions);
  pipeline.message.ScaleTo(sessions);
  pipeline.uplink = pipeline.uplink.PerWorker(workers);
  // The largest possible answer has room.
  for (size_t* room : {&pipeline.request.download_bytes_max, &pipeline.uplink.answers_bytes_max}) {
    *room = std::max({*room, pipeline.uplink.answer_bytes_max, pipeline.request.answer_window});
  }
  // Clients choose their worker: one worker may get all of them.
  pipeline.uplink.exchanges_max = pipeline.request.UnderWayMax();
  pipeline.uplink.requests_bytes_max = pipeline.request.UnderWayBytesMax();
}

void Finish(Options& options, const Raw& raw) {
  PipelineConfig& pipeline = options.pipeline;
  pipeline.uplink.codes = pipeline.request.codes;
  pipeline.request.default_key_table = static_cast<uint8_t>(raw.default_key_table);
  pipeline.dtls.stale_alert = !raw.no_stale_alert;
  if (options.workers == 0) {
    options.workers = std::clamp<uint64_t>(std::thread::hardware_concurrency(), 1, kWorkersMax);
  }
  Derive(pipeline, options.admission.sessions, options.workers);
  const auto check = [](const std::string& problem) {
    if (!problem.empty()) throw ConfigError("configuration", problem);
  };
  check(options.admission.Validate());
  check(pipeline.dtls.Validate());
  check(pipeline.message.Validate());
  check(pipeline.request.Validate());
  if (!options.advertise.empty()) options.fallback.tls = ParsePublicUrl(options.advertise).tls;
  if (options.tls_cert.empty()) throw ConfigError("--tls-cert", "a certificate file is required");
  if (options.tls_key.empty()) throw ConfigError("--tls-key", "a private key file is required");
}

}  // namespace

std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options) {
  OptionParser parser(
      "lowband-edge",
      "Speaks low-bandwidth Matrix (CoAP over DTLS) to clients, gRPC to translators.", kFooter);
  Raw raw;
  DeclareServing(parser, options);
  DeclareCoap(parser, options, raw);
  DeclareDtls(parser, options, raw);
  DeclareHttp(parser, options);
  DeclareRest(parser, options);
  if (const auto code = parser.Parse(argc, argv)) return code;
  options.sources = parser.sources();
  if (options.healthcheck) return std::nullopt;  // Only the address is needed.
  Finish(options, raw);
  return std::nullopt;
}

}  // namespace lowband::edge
