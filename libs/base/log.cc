#include "libs/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "libs/base/line_writer.h"

namespace lowband {
namespace {

constexpr std::chrono::seconds kFlushLimit{5};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace: return spdlog::level::trace;
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// RFC 8259 §7. Values come from the system and from configuration, so any byte may occur.
void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

void AppendValue(std::string& out, const Field& field, bool quote_text) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string_view>) {
          if (quote_text) {
            AppendJsonString(out, value);
          } else {
            out += value;
          }
        } else if constexpr (std::is_same_v<T, bool>) {
          out += value ? "true" : "false";
        } else {
          out += std::to_string(value);
        }
      },
      field.value);
}

/// Formats on the caller's thread; another thread writes.
class QueueSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit QueueSink(LineWriter& writer) : writer_(writer) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_.Push({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LineWriter& writer_;
};

}  // namespace

class Logger::Impl {
 public:
  Impl(std::string_view service, LogLevel level, Format format)
      : format_(format),
        formatter_(MakeFormatter(service, format)),
        writer_(STDERR_FILENO, [this](uint64_t count) { return DroppedLine(count); }),
        logger_(std::string(service), std::make_shared<QueueSink>(writer_)) {
    logger_.set_formatter(formatter_->clone());
    logger_.set_level(ToSpdlog(level));
  }

  bool enabled(LogLevel level) const { return logger_.should_log(ToSpdlog(level)); }

  void Write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
    logger_.log(ToSpdlog(level), Words(event, fields));
  }

  void Flush() { (void)writer_.Flush(kFlushLimit); }
  uint64_t dropped() const { return writer_.dropped(); }

 private:
  static std::unique_ptr<spdlog::formatter> MakeFormatter(std::string_view service, Format format) {
    const std::string name(service);
    const std::string pattern =
        format == Format::kJson
            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","service":")" + name + R"(",%v})"
            : "%Y-%m-%d %H:%M:%S.%e %l " + name + " %v";
    return std::make_unique<spdlog::pattern_formatter>(
        pattern, format == Format::kJson ? spdlog::pattern_time_type::utc
                                         : spdlog::pattern_time_type::local);
  }

  std::string Words(std::string_view event, std::initializer_list<Field> fields) const {
    const bool json = format_ == Format::kJson;
    std::string line;
    line.reserve(128);
    if (json) line += "\"event\":";
    if (json) {
      AppendJsonString(line, event);
    } else {
      line += event;
    }
    for (const Field& field : fields) {
      line += json ? ",\"" : " ";
      line += field.key;
      line += json ? "\":" : "=";
      AppendValue(line, field, json);
    }
    return line;
  }

  // Called by the writer's thread, which must not push into its own queue.
  std::string DroppedLine(uint64_t count) const {
    const std::string words = Words("log_lines_dropped", {{"count", count}});
    spdlog::memory_buf_t line;
    formatter_->clone()->format({"", spdlog::level::warn, words}, line);
    return {line.data(), line.size()};
  }

  const Format format_;
  const std::unique_ptr<spdlog::formatter> formatter_;
  LineWriter writer_;
  spdlog::logger logger_;
};

Logger::Logger(std::string_view service, LogLevel level, Format format)
    : impl_(std::make_unique<Impl>(service, level, format)) {}
Logger::~Logger() = default;
bool Logger::enabled(LogLevel level) const { return impl_->enabled(level); }
void Logger::Write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (impl_->enabled(level)) impl_->Write(level, event, fields);
}
void Logger::Flush() { impl_->Flush(); }
uint64_t Logger::dropped() const { return impl_->dropped(); }

}  // namespace lowband
