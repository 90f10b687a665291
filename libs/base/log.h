// Structured logs: one JSON object a line on standard error, one event name, key=value fields.
// Never a body, query, token or key.
//
// Threading: Logger is safe from any thread, and none waits for the reader of standard error: lines
// that it does not read in time are dropped, counted, and reported in a line "log_lines_dropped".
// Ownership: main makes one and hands out references. Limits: LineWriter's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace lowband {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarning, kError };

/// One field of a log line.
struct Field {
  std::string_view key;
  std::variant<int64_t, uint64_t, double, bool, std::string_view> value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <class T>
  requires(std::is_integral_v<T>) Field(std::string_view k, T v) : key(k) {
    if constexpr (std::is_signed_v<T>) {
      value = static_cast<int64_t>(v);
    } else {
      value = static_cast<uint64_t>(v);
    }
  }
};

class Logger {
 public:
  enum class Format : uint8_t { kJson, kText };
  /// `service` goes into every line.
  Logger(std::string_view service, LogLevel level, Format format);
  ~Logger();
  bool enabled(LogLevel level) const;
  /// `event` is a constant name such as "session_closed".
  void Write(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});
  void Info(std::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kError, event, fields);
  }
  /// Waits until its lines are written, for a limited time.
  void Flush();
  /// Lines dropped so far because standard error was not read.
  uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
