#include "tools/lowband/load.h"

#include <algorithm>
#include <barrier>
#include <deque>
#include <iostream>
#include <thread>

#include "libs/client/udp_socket.h"
#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/load_budget.h"
#include "tools/lowband/load_worker.h"

namespace lowband::tools {
namespace {

constexpr unsigned kIpv4AndUdpBytes = 28;
constexpr unsigned kIpv6AndUdpBytes = 48;

TimePoint Now() { return std::chrono::steady_clock::now(); }

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// The token itself, or the lines of @FILE.
std::vector<std::string> ReadTokens(const std::string& argument) {
  if (argument.empty()) return {};
  if (!argument.starts_with('@')) return {argument};
  const Bytes file = ReadFile(argument.substr(1));
  std::vector<std::string> tokens;
  std::string_view rest = AsText(file);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) tokens.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (tokens.empty()) throw UsageError("--token: " + argument + " holds no token");
  return tokens;
}

std::string RandomRun() {
  const auto random = MakeSystemRandom();
  Bytes bytes(3);
  random->Fill(bytes);
  return ToHex(bytes);
}

// One run: its workers, and the points at which all of them meet.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, LoadWorkerOptions worker, const LoadPlan& plan)
      : options_(options), meet_(static_cast<std::ptrdiff_t>(options.threads + 1)) {
    worker.in_flight = static_cast<unsigned>(options.in_flight);
    worker.resume = options.resume;
    for (uint64_t i = 0; i < options.threads; ++i) {
      worker.sessions = Share(options.sessions, i);
      worker.connecting =
          options.handshakes ? worker.sessions : std::max<size_t>(1, Share(options.connecting, i));
      workers_.emplace_back(worker, plan, budget_);
      worker.first_session += worker.sessions;
    }
  }

  LoadReport Run() {
    std::vector<std::thread> threads;
    for (LoadWorker& worker : workers_) {
      threads.emplace_back([this, &worker] { Work(worker); });
    }
    LoadReport report;
    meet_.arrive_and_wait();  // connected
    if (options_.warm_up > 0) {
      budget_.AllowRequests(options_.warm_up);
      meet_.arrive_and_wait();  // warm-up begins
      meet_.arrive_and_wait();  // and has ended
    }
    for (const LoadWorker& worker : workers_) report.sessions += worker.ready();
    report.before = ReadUsage(options_.cpu_of);
    const TimePoint begin = Now();
    if (options_.seconds > 0) {
      budget_.AllowUntil(begin + Seconds(options_.seconds));
    } else {
      budget_.AllowRequests(options_.requests);
    }
    meet_.arrive_and_wait();  // the measurement begins
    meet_.arrive_and_wait();  // and has ended
    report.after = ReadUsage(options_.cpu_of);
    for (std::thread& thread : threads) thread.join();
    TimePoint end = begin;
    for (const LoadWorker& worker : workers_) {
      end = std::max(end, worker.last_answer());
      report.result.Merge(worker.result());
    }
    report.seconds = std::chrono::duration<double>(end - begin).count();
    return report;
  }

 private:
  // The part of `whole` that worker `i` has.
  size_t Share(uint64_t whole, uint64_t i) const {
    return whole / options_.threads + (i < whole % options_.threads ? 1 : 0);
  }

  void Work(LoadWorker& worker) {
    if (!options_.handshakes) worker.ConnectAll();
    meet_.arrive_and_wait();
    if (options_.warm_up > 0) {
      meet_.arrive_and_wait();
      worker.RunRequests(false);
      meet_.arrive_and_wait();
    }
    meet_.arrive_and_wait();
    if (options_.handshakes) {
      worker.RunHandshakes();
    } else {
      worker.RunRequests(true);
    }
    meet_.arrive_and_wait();
    worker.CloseAll();
  }

  const LoadOptions& options_;
  LoadBudget budget_;
  std::barrier<> meet_;
  std::deque<LoadWorker> workers_;
};

LoadPlan MakePlan(const LoadOptions& options, const Url& url) {
  PlanOptions plan_options = options.plan;
  // A run of handshakes sends no requests; its plan exists and is never used.
  if (options.handshakes) plan_options.operations = {"versions"};
  auto plan = LoadPlan::Make(plan_options, url, RandomRun());
  if (!plan) throw UsageError(plan.error());
  return std::move(*plan);
}

void Check(const LoadOptions& options, const Url& url) {
  if (options.threads > options.sessions) {
    throw UsageError("--threads: must not be more than --sessions");
  }
  const PlanOptions& plan = options.plan;
  if (options.handshakes && (!plan.operations.empty() || !plan.gets.empty() || !plan.puts.empty() ||
                             !plan.posts.empty() || !plan.deletes.empty())) {
    throw UsageError("--operation handshake cannot be combined with other operations");
  }
  if (options.handshakes && options.warm_up > 0) {
    throw UsageError("--warm-up: a run of handshakes has no requests to warm up with");
  }
  if (options.handshakes && !url.secure) {
    throw UsageError("--operation handshake: plain UDP (coap://) has no handshake");
  }
}

void Print(const LoadOptions& options, const LoadReport& report) {
  const std::string json = ReportJson(report);
  if (!options.stats_file.empty()) WriteFile(options.stats_file, AsBytes(json));
  std::cout << (options.json ? json : ReportText(report)) << std::flush;
}

}  // namespace

int RunLoad(const LoadOptions& options) {
  auto url = ParseUrl(options.url);
  if (!url) throw UsageError(url.error());
  if (!url->path.empty() && url->path.back().empty()) url->path.pop_back();
  Check(options, *url);
  const LoadPlan plan = MakePlan(options, *url);
  const auto key_log = KeyLogFromEnvironment();
  LoadWorkerOptions worker;
  worker.tokens = ReadTokens(options.token);
  worker.config = options.connect.MakeConfig(url->secure);
  worker.config.server_name = url->host;
  worker.config.key_log = key_log.get();
  worker.config.session_ticket = options.resume;
  worker.config.answer_timeout = Seconds(options.answer_seconds);
  const auto addresses = client::Resolve(url->host, url->port);
  if (!addresses) return Fail("load", addresses.error(), kExitFailure);
  worker.server = addresses->front();
  LoadRun run(options, std::move(worker), plan);
  LoadReport report = run.Run();
  report.title = options.url;
  report.handshakes_only = options.handshakes;
  report.ip_udp_bytes = addresses->front().is_ipv4() ? kIpv4AndUdpBytes : kIpv6AndUdpBytes;
  Print(options, report);
  const LoadResult& result = report.result;
  const bool any = options.handshakes ? result.handshakes > 0 : result.requests > result.failed;
  if (any) return kExitOk;
  const auto reason = result.outcomes.begin();
  return Fail(
      "load",
      "no operation succeeded" + (reason == result.outcomes.end() ? "" : ": " + reason->first),
      kExitFailure);
}

}  // namespace lowband::tools
