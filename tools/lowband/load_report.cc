#include <array>
#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/lowband/load.h"

namespace lowband::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kUsPerSecond = 1e6;

[[gnu::format(printf, 2, 3)]] void AddLine(std::string& out, const char* format, ...) {
  std::array<char, 256> line{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  out.append(line.data()).push_back('\n');
}

double PerSecond(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double Per(uint64_t amount, uint64_t count) {
  return count > 0 ? static_cast<double>(amount) / static_cast<double>(count) : 0;
}

// The number of units for figures per unit: requests, or handshakes in a run without requests.
uint64_t Units(const LoadReport& report) {
  return report.handshakes_only ? report.result.handshakes : report.result.requests;
}

uint64_t WireBytes(const LoadReport& report) {
  const client::Traffic& traffic = report.result.traffic;
  return traffic.bytes_sent + traffic.bytes_received +
         report.ip_udp_bytes * (traffic.datagrams_sent + traffic.datagrams_received);
}

uint64_t Datagrams(const LoadReport& report) {
  return report.result.traffic.datagrams_sent + report.result.traffic.datagrams_received;
}

bool HasCpu(const LoadReport& report) {
  return report.before && report.after && report.after->resident_bytes > 0;
}

double CpuSeconds(const LoadReport& report) {
  return report.after->cpu_seconds - report.before->cpu_seconds;
}

void AddLatency(std::string& out, const char* name, const LatencyHistogram& latency) {
  if (latency.count() == 0) return;
  AddLine(out, "%-12s p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, most %.2f ms", name,
          latency.PercentileMs(0.5), latency.PercentileMs(0.9), latency.PercentileMs(0.99),
          latency.PercentileMs(0.999), latency.MaxMs());
}

Json LatencyJson(const LatencyHistogram& latency) {
  return {{"p50", latency.PercentileMs(0.5)},  {"p90", latency.PercentileMs(0.9)},
          {"p99", latency.PercentileMs(0.99)}, {"p999", latency.PercentileMs(0.999)},
          {"mean", latency.MeanMs()},          {"max", latency.MaxMs()}};
}

Json TrafficJson(const client::Traffic& traffic) {
  return {{"datagrams_sent", traffic.datagrams_sent},
          {"datagrams_received", traffic.datagrams_received},
          {"bytes_sent", traffic.bytes_sent},
          {"bytes_received", traffic.bytes_received},
          {"retransmissions", traffic.retransmissions}};
}

}  // namespace

std::string ReportText(const LoadReport& report) {
  const LoadResult& result = report.result;
  const uint64_t units = Units(report);
  std::string out;
  AddLine(out, "%s", report.title.c_str());
  if (!report.handshakes_only) {
    AddLine(out, "requests     %llu in %.2f s: %.0f a second, %llu failed, %llu sessions",
            static_cast<unsigned long long>(result.requests), report.seconds,
            PerSecond(result.requests, report.seconds),
            static_cast<unsigned long long>(result.failed),
            static_cast<unsigned long long>(report.sessions));
    AddLatency(out, "latency", result.latency);
  } else {
    AddLine(out, "handshakes   %llu in %.2f s: %.0f a second, %llu failed, %llu resumed",
            static_cast<unsigned long long>(result.handshakes), report.seconds,
            PerSecond(result.handshakes, report.seconds),
            static_cast<unsigned long long>(result.handshakes_failed),
            static_cast<unsigned long long>(result.resumed));
  }
  AddLatency(out, "handshake", result.handshake_latency);
  AddLine(out,
          "on the wire  %.1f B each with IP and UDP headers, in %.2f datagrams (sent %.1f B, "
          "received %.1f B of UDP payload)",
          Per(WireBytes(report), units), Per(Datagrams(report), units),
          Per(result.traffic.bytes_sent, units), Per(result.traffic.bytes_received, units));
  AddLine(out, "retransmits  %llu",
          static_cast<unsigned long long>(result.traffic.retransmissions));
  if (HasCpu(report) && units > 0) {
    AddLine(out, "server CPU   %.1f us each, %.2f s in all; resident %.1f MiB",
            CpuSeconds(report) * kUsPerSecond / static_cast<double>(units), CpuSeconds(report),
            static_cast<double>(report.after->resident_bytes) / (1 << 20));
  }
  for (const auto& [outcome, count] : result.outcomes) {
    AddLine(out, "  %8llu  %s", static_cast<unsigned long long>(count), outcome.c_str());
  }
  return out;
}

std::string ReportJson(const LoadReport& report) {
  const LoadResult& result = report.result;
  const uint64_t units = Units(report);
  Json json = {{"url", report.title},
               {"sessions", report.sessions},
               {"seconds", report.seconds},
               {"requests", result.requests},
               {"failed", result.failed},
               {"requests_per_second", PerSecond(result.requests, report.seconds)},
               {"latency_ms", LatencyJson(result.latency)},
               {"traffic", TrafficJson(result.traffic)},
               {"wire_bytes_each", Per(WireBytes(report), units)},
               {"datagrams_each", Per(Datagrams(report), units)},
               {"outcomes", result.outcomes},
               {"handshakes",
                {{"count", result.handshakes},
                 {"failed", result.handshakes_failed},
                 {"resumed", result.resumed},
                 {"latency_ms", LatencyJson(result.handshake_latency)},
                 {"traffic", TrafficJson(result.handshake_traffic)}}}};
  if (report.handshakes_only) {
    json["handshakes"]["per_second"] = PerSecond(result.handshakes, report.seconds);
  }
  if (HasCpu(report)) {
    json["server"] = {
        {"cpu_seconds", CpuSeconds(report)},
        {"cpu_us_each",
         units > 0 ? CpuSeconds(report) * kUsPerSecond / static_cast<double>(units) : 0},
        {"resident_bytes_before", report.before->resident_bytes},
        {"resident_bytes_after", report.after->resident_bytes}};
  }
  return json.dump() + "\n";
}

}  // namespace lowband::tools
