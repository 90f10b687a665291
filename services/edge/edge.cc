#include "services/edge/edge.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/admin_server.h"
#include "libs/base/config_error.h"
#include "libs/base/descriptors.h"
#include "libs/base/metrics.h"
#include "libs/base/mutex.h"
#include "libs/base/options.h"
#include "libs/base/readiness.h"
#include "libs/base/version.h"
#include "libs/grpc/certificate_metrics.h"
#include "libs/grpc/security.h"
#include "libs/tls/key_log.h"
#include "services/edge/admission/admission.h"
#include "services/edge/datagram/limits.h"
#include "services/edge/datagram/steering.h"
#include "services/edge/datagram/udp_socket.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/exchange_log.h"
#include "services/edge/fallback/server.h"
#include "services/edge/handshake_cost.h"
#include "services/edge/limits.h"
#include "services/edge/metrics.h"
#include "services/edge/worker.h"

namespace lowband::edge {
namespace {

/// With port 0 (tests): how many ports are tried until one is free for UDP and TCP.
constexpr int kFreePortAttemptsMax = 16;
constexpr const char* kMetricsPrefix = "lowband_edge_";
constexpr Duration kWatchInterval = std::chrono::seconds(1);
constexpr Duration kRefusedClientsInterval = std::chrono::minutes(1);
constexpr Duration kDrainPoll = std::chrono::milliseconds(20);
constexpr Duration kStatsLimit = std::chrono::seconds(1);
/// Descriptors not for connections: files, admin, libraries; per worker, sockets and lanes.
constexpr uint64_t kDescriptorsReserved = 128;
constexpr uint64_t kDescriptorsPerWorker = 32;

const char* FlagOf(dtls::IdentityError::File file) {
  return file == dtls::IdentityError::File::kCertificate ? "--tls-cert" : "--tls-key";
}

/// No process listens on TCP at `address` now.
bool TcpIsFree(const BindAddress& address) {
  const int family = address.any_host || !address.address.is_ipv4() ? AF_INET6 : AF_INET;
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;  // For example without IPv6: the listener handles that.
  sockaddr_storage raw{};
  const socklen_t size = address.address.ToSockaddr(family, raw);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&raw), size) == 0;
  close(fd);
  return free;
}

PseudonymSalt MakeSalt() {
  std::array<uint8_t, std::tuple_size_v<PseudonymSalt>> random{};
  MakeSystemRandom()->Fill(random);
  return std::bit_cast<PseudonymSalt>(random);
}

// The parts of a running edge, in the order of their construction and dependency.
class Edge {
 public:
  Edge(const Options& options, Logger& log)
      : options_(options), log_(log), salt_(MakeSalt()), exchange_log_(log, salt_) {}
  ~Edge();

  /// All that can fail because of the configuration.
  void Prepare();
  /// Logs the cost of a client's handshake, for --check.
  void TellHandshakeCost();
  void Start();
  int RunUntilSignal(ShutdownSignal& shutdown);

 private:
  void LoadCredentials();
  void OpenKeyLog();
  using Sockets = std::vector<std::unique_ptr<datagram::UdpSocket>>;
  Sockets OpenSockets(const BindAddress& address, unsigned count) const;
  void MakeWorkers();
  void MakeFallback(const uplink::TransportConfig& transport, const BindAddress& bound);
  void UseFallbackIdentity();
  void BindAdmin();
  void StopWorkers();
  void WatchCertificate();
  void WarnOfCertificate();
  void WarnOfReceiveBuffer();
  void WarnOfRefusedClients();
  bool AllIdle() const;
  std::string Metrics();
  std::string NotReady() const;
  std::string NotAlive() const;

  const Options& options_;
  Logger& log_;
  const PseudonymSalt salt_;
  ExchangeLog exchange_log_;
  std::unique_ptr<tls::KeyLog> key_log_;
  std::unique_ptr<dtls::Credentials> credentials_;
  std::unique_ptr<admission::Admission> admission_;
  std::vector<std::unique_ptr<Worker>> workers_;
  const std::shared_ptr<fallback::RelayLaneCounters> relay_lanes_ =
      std::make_shared<fallback::RelayLaneCounters>();
  std::unique_ptr<fallback::Server> fallback_;  ///< Null: no --advertise.
  std::string bound_;
  bool steered_ = false;
  uint64_t http_connections_max_ = 0;  ///< 0: no --advertise.
  size_t receive_buffer_bytes_ = 0;    ///< As granted by the kernel.
  Mutex stats_mutex_;
  std::vector<WorkerStats> last_stats_ LOWBAND_GUARDED_BY(stats_mutex_);
  MetricSet metrics_{kMetricsPrefix};
  std::atomic<bool> last_reload_ok_{true};
  std::atomic<bool> draining_{false};
  uint64_t refused_told_ = 0;  ///< Clients without extended master secret that were logged.
  TimePoint refused_told_at_{};
  std::unique_ptr<AdminServer> admin_;
};

// Also after a failed start.
Edge::~Edge() {
  admin_.reset();
  StopWorkers();
}

void Edge::StopWorkers() {
  if (fallback_) fallback_->Stop();
  for (const auto& worker : workers_) worker->Stop();
  for (const auto& worker : workers_) worker->Join();
}

void Edge::Prepare() {
  OpenKeyLog();
  LoadCredentials();
  MakeWorkers();
  BindAdmin();
}

void Edge::Start() {
  if (key_log_) {
    log_.Warning("keylog_enabled", {{"risk", "readers of the file can decrypt all traffic"}});
  }
  WarnOfCertificate();
  WarnOfReceiveBuffer();
  for (const auto& worker : workers_) worker->Start(workers_);
  if (fallback_) fallback_->Serve();
  const char* fallback = options_.fallback.tls ? "https" : "http";
  log_.Info("listening", {{"dtls", bound_},
                          {"tcp", fallback_ ? fallback : "off"},
                          {"http_connections", http_connections_max_},
                          {"workers", workers_.size()},
                          {"steered", steered_},
                          {"translator", options_.translator},
                          {"version", kVersion}});
  if (admin_) {
    admin_->Serve();
    log_.Info("admin_listening", {{"port", admin_->port()}});
  }
}

// Short bursts fill a small buffer, and each lost datagram costs its client seconds.
void Edge::WarnOfReceiveBuffer() {
  const auto wanted = static_cast<size_t>(datagram::kSocketBufferBytes);
  if (receive_buffer_bytes_ >= wanted) return;
  log_.Warning("small_receive_buffer", {{"wanted_bytes", wanted},
                                        {"granted_bytes", receive_buffer_bytes_},
                                        {"remedy", "raise net.core.rmem_max (sysctl)"}});
}

void Edge::WarnOfCertificate() {
  for (const std::string& warning : credentials_->identity()->warnings()) {
    log_.Warning("certificate_warning", {{"what", warning}});
  }
}

void Edge::OpenKeyLog() {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (path == nullptr || *path == '\0') return;
  auto opened = tls::KeyLog::Open(path);
  if (!opened) throw ConfigError("SSLKEYLOGFILE", opened.error());
  key_log_ = std::move(*opened);
}

void Edge::LoadCredentials() {
  auto loaded = dtls::Credentials::Load({options_.tls_cert, options_.tls_key}, MakeSystemRandom());
  if (!loaded) throw ConfigError(FlagOf(loaded.error().file), loaded.error().text);
  credentials_ = std::move(*loaded);
}

// TCP must have the same port as UDP, and may not have it free.
Edge::Sockets Edge::OpenSockets(const BindAddress& address, unsigned count) const {
  for (int attempt = 1;; ++attempt) {
    auto sockets = datagram::UdpSocket::OpenGroup(address, count);
    if (!sockets) throw ConfigError("--dtls-bind-addr", sockets.error());
    BindAddress bound = address;
    bound.address = sockets->front()->local_address();
    const bool any_port = address.address.port() == 0;
    if (!any_port || options_.advertise.empty() || attempt == kFreePortAttemptsMax ||
        TcpIsFree(bound)) {
      return std::move(*sockets);
    }
  }
}

void Edge::MakeWorkers() {
  const auto address = ParseBindAddress(options_.dtls_bind_addr);
  if (!address) throw ConfigError("--dtls-bind-addr", address.error());
  const auto count = static_cast<unsigned>(options_.workers);
  auto sockets = OpenSockets(*address, count);
  receive_buffer_bytes_ = sockets.front()->receive_buffer_bytes();
  steered_ = count == 1 || datagram::SteerByConnectionId(sockets.front()->fd(), count);
  const SocketAddress bound_address = sockets.front()->local_address();
  bound_ = bound_address.Text();

  PipelineConfig config = options_.pipeline;
  config.dtls.key_log = key_log_.get();
  config.uplink.records = exchange_log_.wanted();
  config.uplink.salt = salt_;
  uplink::TransportConfig transport;
  transport.target = options_.translator;
  transport.credentials =
      MakeChannelCredentials(options_.security, "--translator", options_.translator);
  transport.log = &log_;
  admission::Limits limits = options_.admission;
  limits.requests = options_.pipeline.request.ProcessLimits();
  limits.messages = options_.pipeline.message.ProcessLimits();
  admission_ = std::make_unique<admission::Admission>(limits);
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(config, *credentials_, *admission_,
                                                std::move(sockets[i]), transport, exchange_log_, i,
                                                count));
  }
  if (!options_.advertise.empty()) {
    // The actual port, if any free port was requested.
    BindAddress bound = *address;
    bound.address = bound_address;
    MakeFallback(transport, bound);
  }
  const MutexLock lock(stats_mutex_);
  last_stats_.resize(count);
}

// With more connections than descriptors, the kernel would refuse them instead of the edge, and no
// descriptors would be left for the workers' lanes.
void Edge::MakeFallback(const uplink::TransportConfig& transport, const BindAddress& bound) {
  fallback::Config config = options_.fallback;
  config.log = [this](const fallback::TransferRecord& record) { exchange_log_.Write(record); };
  const uint64_t descriptors = RaiseDescriptorLimit();
  const uint64_t others = kDescriptorsReserved + options_.workers * kDescriptorsPerWorker +
                          fallback::kLoopsMax * fallback::kDescriptorsPerLoop +
                          fallback::kLeavingMax;
  config.connections_max = http_connections_max_ =
      TakeDescriptors(log_,
                      {.limit = descriptors,
                       .others = others,
                       .named = options_.http_connections_max,
                       .usual = fallback::kConnectionsDefault},
                      "--http-max-connections", "http_connections");
  fallback_ = std::make_unique<fallback::Server>(
      config, fallback::MakeRelayChannel(transport, relay_lanes_));
  if (config.tls) {
    const auto used = fallback_->UseIdentity(*credentials_->identity(), key_log_.get());
    if (!used) throw ConfigError("--tls-cert", used.error());
  }
  (void)fallback_->Bind("--dtls-bind-addr", bound);
}

void Edge::BindAdmin() {
  if (options_.admin_addr == "off") return;
  const auto address = ParseBindAddress(options_.admin_addr);
  if (!address) throw ConfigError("--admin-addr", address.error());
  admin_ =
      std::make_unique<AdminServer>(AdminServer::Hooks{.metrics = [this] { return Metrics(); },
                                                       .not_ready = [this] { return NotReady(); },
                                                       .not_alive = [this] { return NotAlive(); }});
  admin_->Bind("--admin-addr", *address);
}

std::string Edge::Metrics() {
  const MutexLock lock(stats_mutex_);
  for (size_t i = 0; i < workers_.size(); ++i) {
    // For a worker too busy to answer, the last figures stay: totals must not decrease.
    if (auto stats = workers_[i]->Stats(kStatsLimit)) last_stats_[i] = *stats;
  }
  const auto not_after = credentials_->identity()->not_after().time_since_epoch();
  SetAdmissionMetrics(metrics_, admission_->requests);
  SetAdmissionMetrics(metrics_, admission_->messages);
  SetEdgeMetrics(metrics_, last_stats_,
                 {.admission = options_.admission,
                  .sessions = admission_->sessions.usage(),
                  .workers = workers_.size(),
                  .certificate_not_after_s =
                      std::chrono::duration_cast<std::chrono::seconds>(not_after).count(),
                  .last_reload_ok = last_reload_ok_.load(),
                  .keylog_enabled = key_log_ != nullptr,
                  .draining = draining_.load(),
                  .log_lines_dropped = log_.dropped()});
  SetGrpcCertificateMetrics(metrics_, options_.security);
  if (fallback_) SetFallbackMetrics(metrics_, fallback_->counters(), *relay_lanes_);
  return metrics_.Text();
}

std::string Edge::NotReady() const {
  if (draining_.load()) return "draining";
  for (const auto& worker : workers_) {
    if (!worker->ready()) return "a worker has no lane to a translator";
  }
  return "";
}

std::string Edge::NotAlive() const {
  std::string hanging = HangingWorker(workers_, kTurnMax);
  if (!hanging.empty()) return hanging;
  if (fallback_ && fallback_->turn_age() > kTurnMax) return "a loop of HTTP on TCP hangs";
  return "";
}

void Edge::WatchCertificate() {
  const auto reloaded = credentials_->ReloadIfChanged(std::chrono::steady_clock::now());
  if (!reloaded) {
    last_reload_ok_ = false;
    log_.Error("certificate_reload_failed", {{"flag", FlagOf(reloaded.error().file)},
                                             {"problem", reloaded.error().text},
                                             {"in_use", "the certificate loaded before"}});
  } else if (*reloaded == dtls::Credentials::Reload::kReloaded) {
    last_reload_ok_ = true;
    log_.Info("certificate_reloaded", {{"file", options_.tls_cert}});
    WarnOfCertificate();
    if (fallback_ && options_.fallback.tls) UseFallbackIdentity();
  }
}

void Edge::TellHandshakeCost() {
  const auto cost = MeasureHandshake(options_.pipeline.dtls, *credentials_);
  if (!cost) {
    log_.Warning("handshake_failed", {{"problem",
                                       "a client of ours cannot connect with this "
                                       "certificate and key"}});
    return;
  }
  log_.Info("handshake_cost", {{"bytes", cost->to_client + cost->to_server},
                               {"to_client", cost->to_client},
                               {"to_server", cost->to_server},
                               {"certificates", cost->certificates},
                               {"seconds_at_9600_bit_s", cost->SecondsAt(9600)}});
  if (cost->to_client + cost->to_server <= kHandshakeBytesGood) return;
  log_.Warning("large_handshake",
               {{"bytes", cost->to_client + cost->to_server},
                {"good", kHandshakeBytesGood},
                {"certificates", cost->certificates},
                {"remedy",
                 "on slow links use an ECDSA P-256 certificate whose issuer has an ECDSA "
                 "key too, and leave the root out of the file"}});
}

// At most once a minute: a refused client tries again every few seconds.
void Edge::WarnOfRefusedClients() {
  const uint64_t refused = credentials_->refused_without_extended_master_secret();
  const TimePoint now = std::chrono::steady_clock::now();
  if (refused == refused_told_ || now < refused_told_at_ + kRefusedClientsInterval) return;
  log_.Warning("clients_refused",
               {{"clients", refused - refused_told_},
                {"problem",
                 "their DTLS has no extended master secret (RFC 7627), without which a "
                 "session can be taken over"},
                {"remedy", "update their DTLS library, or switch the extension on in it"}});
  refused_told_ = refused;
  refused_told_at_ = now;
}

void Edge::UseFallbackIdentity() {
  const auto used = fallback_->UseIdentity(*credentials_->identity(), key_log_.get());
  if (used) return;
  last_reload_ok_ = false;
  log_.Error("certificate_reload_failed", {{"flag", "--tls-cert"},
                                           {"problem", used.error()},
                                           {"in_use", "for HTTPS, the certificate loaded before"}});
}

bool Edge::AllIdle() const {
  for (const auto& worker : workers_) {
    if (!worker->idle()) return false;
  }
  return !fallback_ || fallback_->idle();
}

int Edge::RunUntilSignal(ShutdownSignal& shutdown) {
  std::optional<int> number;
  while (!(number = shutdown.Wait(kWatchInterval))) {
    WatchCertificate();
    WarnOfRefusedClients();
  }
  log_.Info("draining", {{"signal", *number}, {"limit", DurationText(options_.drain_timeout)}});
  draining_ = true;
  for (const auto& worker : workers_) worker->StartDrain(options_.drain_timeout);
  if (fallback_) fallback_->Drain();
  const TimePoint limit = std::chrono::steady_clock::now() + options_.drain_timeout;
  // idle() is up to date after each worker has had a turn since StartDrain.
  for (const auto& worker : workers_) (void)worker->Stats(kStatsLimit);
  while (!AllIdle() && std::chrono::steady_clock::now() < limit) {
    // A second signal ends the drain.
    if (shutdown.Wait(kDrainPoll)) break;
  }
  const bool drained = AllIdle();
  StopWorkers();
  log_.Info("stopped", {{"drained", drained}});
  return kExitOk;
}

// An edge that runs with the same --admin-addr has the ports: the check uses others.
Options ForCheck(Options options) {
  if (!options.check || !IsRunning(options.admin_addr, kMetricsPrefix)) return options;
  options.dtls_bind_addr = WithAnyPort(options.dtls_bind_addr);
  options.admin_addr = WithAnyPort(options.admin_addr);
  return options;
}

}  // namespace

int RunEdge(const Options& given, Logger& log, ShutdownSignal& shutdown) {
  const Options options = ForCheck(given);
  Edge edge(options, log);
  edge.Prepare();
  if (options.check) {
    edge.TellHandshakeCost();
    return kExitOk;
  }
  edge.Start();
  return edge.RunUntilSignal(shutdown);
}

}  // namespace lowband::edge
