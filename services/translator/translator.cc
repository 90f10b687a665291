#include "services/translator/translator.h"

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/admin_server.h"
#include "libs/base/config_error.h"
#include "libs/base/descriptors.h"
#include "libs/base/metrics.h"
#include "libs/base/options.h"
#include "libs/base/random.h"
#include "libs/base/readiness.h"
#include "libs/base/version.h"
#include "libs/grpc/certificate_metrics.h"
#include "libs/grpc/security.h"
#include "services/translator/exchange_handler.h"
#include "services/translator/ingress/limits.h"
#include "services/translator/ingress/server.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/metrics.h"
#include "services/translator/relay_handler.h"
#include "services/translator/upstream/client.h"
#include "services/translator/upstream/homeserver.h"
#include "services/translator/upstream/relay_client.h"
#include "services/translator/upstream/relay_counters.h"

namespace lowband::translator {
namespace {

constexpr const char* kMetricsPrefix = "lowband_translator_";
constexpr Duration kWatchInterval = ingress::kTickInterval;
/// Descriptors besides those of requests at the homeserver: lanes, admin, files, libraries.
constexpr uint64_t kOtherDescriptors = 256;
/// Idle connections of the exchanges' loops and of the relays'.
uint64_t IdleDescriptors(const upstream::UpstreamConfig& config) {
  return (config.threads + 1) * upstream::kOnceIdleConnectionsMax;
}

// Transfers over TCP get the descriptors that exchanges leave, or half if those alone are too many.
void ShareOutDescriptors(Options& options, Logger& log) {
  upstream::UpstreamConfig& upstream = options.upstream;
  const uint64_t limit = RaiseDescriptorLimit();
  const uint64_t others = kOtherDescriptors + IdleDescriptors(upstream);
  const uint64_t room = limit > others + 2 ? limit - others : 2;
  DescriptorNeed relays{.limit = limit,
                        .others = others + upstream.active_max,
                        .named = options.relay_max,
                        .usual = ingress::kRelaysDefault};
  if (upstream.active_max < room) {
    options.relay_max = TakeDescriptors(log, relays, "--relay-max", "relays");
    return;
  }
  relays.others = limit - room / 2;
  options.relay_max = ShareOfDescriptors(relays).count;
  const DescriptorNeed exchanges{
      .limit = limit, .others = others + options.relay_max, .named = upstream.active_max};
  upstream.active_max = TakeDescriptors(log, exchanges, "--upstream-max-active", "requests");
}

// Our own homeserver may get the client's address, and has our public name; another one only with a
// flag.
Options Decide(Options options) {
  const bool local =
      upstream::HomeserverIsLocal(upstream::ParseHomeserver(options.upstream.homeserver));
  options.mapping.forward_client_ip = options.mapping.forward_client_ip || local;
  options.upstream.name =
      upstream::DecidePublicName(options.upstream_host, options.mapping.advertise, local);
  options.upstream.relays_max = options.relay_max;
  std::array<uint8_t, std::tuple_size_v<mapping::OwnerKey>> random{};
  MakeSystemRandom()->Fill(random);
  options.mapping.owner_key = std::bit_cast<mapping::OwnerKey>(random);
  return options;
}

// For a check beside the running translator with this --admin-addr, which has the ports. A unix
// socket is never tried at its own path: gRPC would take it from the process that listens there.
Options ForCheck(Options options) {
  if (!options.check) return options;
  const bool runs = IsRunning(options.admin_addr, kMetricsPrefix);
  if (options.listen.starts_with("unix:")) {
    options.listen += ".check";
  } else if (runs) {
    options.listen = WithAnyPort(options.listen);
  }
  if (runs) options.admin_addr = WithAnyPort(options.admin_addr);
  return options;
}

ingress::ServerConfig ServerConfigOf(const Options& options) {
  ingress::ServerConfig config;
  config.listen = options.listen;
  config.ingress.relays_max = options.relay_max;
  config.ingress.answers_held_bytes_max = options.answer_hold;
  config.credentials = MakeServerCredentials(options.security, "--listen", options.listen);
  return config;
}

// The parts in the order of their dependencies; destroyed in reverse.
class Translator {
 public:
  Translator(const Options& options, Logger& log)
      : options_(options),
        log_(log),
        upstream_(options.upstream),
        exchange_log_(log),
        handler_(options.mapping, upstream_, &exchange_log_),
        relays_(options.upstream),
        relay_handler_(options.mapping, relays_, &exchange_log_),
        server_(ServerConfigOf(options), handler_, &relay_handler_) {
    BindAdmin();
  }

  void Start() {
    if (admin_) admin_->Serve();
    log_.Info("listening", {{"grpc", options_.listen},
                            {"port", server_.port()},
                            {"admin_port", admin_ ? admin_->port() : 0},
                            {"homeserver", options_.upstream.homeserver},
                            {"relays", options_.relay_max},
                            {"forwards_client_ip", options_.mapping.forward_client_ip},
                            {"upstream_host", HostName()},
                            {"version", kVersion}});
  }

  int RunUntilSignal(ShutdownSignal& shutdown);

 private:
  /// The value of Host in requests.
  std::string HostName() const {
    const std::string& name = options_.upstream.name.host;
    return name.empty() ? "as in --local" : name;
  }
  void BindAdmin();
  void ReportFaults();
  std::string Metrics();

  const Options& options_;
  Logger& log_;
  upstream::UpstreamClient upstream_;
  ExchangeLog exchange_log_;
  ExchangeHandler handler_;
  upstream::RelayClient relays_;
  RelayHandler relay_handler_;
  ingress::Server server_;
  MetricSet metrics_{kMetricsPrefix};
  uint64_t faults_reported_ = 0;
  uint64_t relay_faults_reported_ = 0;
  std::atomic<bool> draining_{false};
  std::unique_ptr<AdminServer> admin_;
};

void Translator::BindAdmin() {
  if (options_.admin_addr == "off") return;
  const auto address = ParseBindAddress(options_.admin_addr);
  if (!address) throw ConfigError("--admin-addr", address.error());
  admin_ = std::make_unique<AdminServer>(
      AdminServer::Hooks{.metrics = [this] { return Metrics(); },
                         .not_ready = [this] { return draining_.load() ? "draining" : ""; }});
  admin_->Bind("--admin-addr", *address);
}

std::string Translator::Metrics() {
  SetTranslatorMetrics(metrics_, {.ingress = server_.counters(),
                                  .handler = handler_.counters(),
                                  .upstream = upstream_.counters(),
                                  .relay_upstream = relays_.counters(),
                                  .relay_handler = relay_handler_.counters(),
                                  .lanes = server_.lanes(),
                                  .relay_lanes = server_.relay_lanes(),
                                  .exchanges = server_.exchanges_in_flight(),
                                  .relays = server_.relays(),
                                  .answers_held = server_.answers_held(),
                                  .answers_held_bytes = server_.answers_held_bytes(),
                                  .draining = draining_.load(),
                                  .log_lines_dropped = log_.dropped()});
  SetGrpcCertificateMetrics(metrics_, options_.security);
  return metrics_.Text();
}

// An unreachable homeserver would fill the log with a line per request; one per second is enough.
void Translator::ReportFaults() {
  uint64_t faults = 0;
  uint64_t relay_faults = 0;
  for (size_t i = 0; i < mapping::kUpstreamFaultCount; ++i) {
    // A client that disconnected, or sends too much, is no fault of the homeserver's.
    const auto fault = static_cast<mapping::UpstreamFault>(i);
    if (fault == mapping::UpstreamFault::kCancelled ||
        fault == mapping::UpstreamFault::kTooManyPolls)
      continue;
    faults += upstream_.counters().faults[i].load(std::memory_order_relaxed);
    relay_faults += relays_.counters().faults[i].load(std::memory_order_relaxed);
  }
  if (faults != faults_reported_) {
    log_.Warning("upstream_faults",
                 {{"count", faults - faults_reported_}, {"last", upstream_.last_fault()}});
  }
  if (relay_faults != relay_faults_reported_) {
    log_.Warning("relay_faults", {{"count", relay_faults - relay_faults_reported_},
                                  {"last", relays_.last_fault()}});
  }
  faults_reported_ = faults;
  relay_faults_reported_ = relay_faults;
}

int Translator::RunUntilSignal(ShutdownSignal& shutdown) {
  std::optional<int> number;
  do {
    server_.Tick(std::chrono::steady_clock::now());
    ReportFaults();
  } while (!(number = shutdown.Wait(kWatchInterval)));
  log_.Info("draining", {{"signal", *number}, {"limit", DurationText(options_.drain_timeout)}});
  draining_ = true;
  server_.Drain(options_.drain_timeout);
  const size_t left = upstream_.in_flight() + relays_.in_flight();
  upstream_.Drain(Duration::zero());
  relays_.Drain(Duration::zero());
  log_.Info("stopped", {{"cut_off", left}});
  return kExitOk;
}

}  // namespace

int RunTranslator(const Options& given, Logger& log, ShutdownSignal& shutdown) {
  Options chosen = ForCheck(given);
  ShareOutDescriptors(chosen, log);
  const Options options = Decide(chosen);
  Translator translator(options, log);
  if (options.check) return kExitOk;
  translator.Start();
  return translator.RunUntilSignal(shutdown);
}

}  // namespace lowband::translator
