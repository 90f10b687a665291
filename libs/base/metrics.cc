#include "libs/base/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/base/version.h"

namespace lowband {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double ResidentBytes() {
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Start time of the process, in seconds since 1970: computed once, so that it does not vary with
/// the clock. Fields of proc(5): the 22nd of stat, ticks since boot; btime, the time of the boot.
double StartTime() {
  std::ifstream file("/proc/self/stat");
  std::string stat;
  std::getline(file, stat);
  // The second field is the program's name, in parentheses, with any characters.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) fields >> field;
  double ticks = 0;
  std::istringstream(field) >> ticks;
  std::ifstream system("/proc/stat");
  for (std::string line; std::getline(system, line);) {
    double boot = 0;
    if (line.starts_with("btime ") && std::istringstream(line.substr(6)) >> boot) {
      return boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
  }
  return 0;
}

double DescriptorLimit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(all), end(all)));
}

}  // namespace

class MetricSet::Impl {
 public:
  explicit Impl(std::string prefix) : prefix_(std::move(prefix)) {}

  void Set(const std::string& full_name, const std::string& help, MetricType type,
           const MetricLabels& labels, ClientMetric metric) {
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    const MutexLock lock(mutex_);
    Entry& entry = families_[full_name];
    entry.help = help;
    entry.type = type;
    entry.metrics[labels] = std::move(metric);
  }

  std::string Text() const {
    std::vector<MetricFamily> all;
    {
      const MutexLock lock(mutex_);
      for (const auto& [name, entry] : families_) {
        MetricFamily family;
        family.name = name;
        family.help = entry.help;
        family.type = entry.type;
        for (const auto& [labels, metric] : entry.metrics) family.metric.push_back(metric);
        all.push_back(std::move(family));
      }
    }
    return prometheus::TextSerializer().Serialize(all);
  }

  const std::string& prefix() const { return prefix_; }

 private:
  struct Entry {
    std::string help;
    MetricType type = MetricType::Untyped;
    std::map<MetricLabels, ClientMetric> metrics;
  };

  const std::string prefix_;
  mutable Mutex mutex_;
  std::map<std::string, Entry> families_ LOWBAND_GUARDED_BY(mutex_);
};

MetricSet::MetricSet(std::string prefix) : impl_(std::make_unique<Impl>(std::move(prefix))) {}
MetricSet::~MetricSet() = default;

void MetricSet::Total(const std::string& name, const std::string& help, const MetricLabels& labels,
                      uint64_t value) {
  ClientMetric metric;
  metric.counter.value = static_cast<double>(value);
  impl_->Set(impl_->prefix() + name, help, MetricType::Counter, labels, std::move(metric));
}

void MetricSet::Level(const std::string& name, const std::string& help, const MetricLabels& labels,
                      double value) {
  ClientMetric metric;
  metric.gauge.value = value;
  impl_->Set(impl_->prefix() + name, help, MetricType::Gauge, labels, std::move(metric));
}

void MetricSet::Distribution(const std::string& name, const std::string& help,
                             const MetricLabels& labels, const std::vector<double>& bounds,
                             const std::vector<uint64_t>& buckets, double sum) {
  ClientMetric metric;
  uint64_t below = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    below += buckets[i];
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = below;
    bucket.upper_bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back(bucket);
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = sum;
  impl_->Set(impl_->prefix() + name, help, MetricType::Histogram, labels, std::move(metric));
}

void MetricSet::Process() {
  Level("build_info", "Always 1; the label is the version.", {{"version", std::string(kVersion)}},
        1);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto set = [this](const char* name, const char* help, MetricType type, double value) {
    ClientMetric metric;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    impl_->Set(name, help, type, {}, std::move(metric));
  };
  set("process_cpu_seconds_total", "CPU time used, user and system.", MetricType::Counter,
      Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  set("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge, ResidentBytes());
  set("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors());
  set("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge, DescriptorLimit());
  static const double started = StartTime();
  set("process_start_time_seconds", "Start time of the process, in seconds since 1970.",
      MetricType::Gauge, started);
}

std::string MetricSet::Text() const { return impl_->Text(); }

}  // namespace lowband
