#include "tools/lowband/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lowband::tools {
namespace {

// proc(5): fields of /proc/PID/stat after the command's name, counted from 0.
constexpr int kUserTimeField = 11;
constexpr int kSystemTimeField = 12;
constexpr int kResidentPagesField = 21;

bool AddUsage(pid_t process, ProcessUsage& sum) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  // The name is in parentheses and may hold any character.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::string field;
  for (int i = 0; fields >> field; ++i) {
    if (i == kUserTimeField || i == kSystemTimeField) {
      sum.cpu_seconds += std::stod(field) / ticks;
    } else if (i == kResidentPagesField) {
      sum.resident_bytes += std::stoull(field) * page;
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<ProcessUsage> ReadUsage(std::span<const pid_t> processes) {
  ProcessUsage sum;
  for (const pid_t process : processes) {
    if (!AddUsage(process, sum)) return std::nullopt;
  }
  return sum;
}

}  // namespace lowband::tools
