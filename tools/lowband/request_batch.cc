#include "tools/lowband/request_batch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "libs/client/connection.h"
#include "libs/client/options.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/line_input.h"
#include "tools/lowband/message_text.h"
#include "tools/lowband/traffic_log.h"
#include "tools/lowband/url.h"

namespace lowband::tools {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Standard input, or a file.
class BatchFile {
 public:
  explicit BatchFile(const std::string& name)
      : fd_(name == "-" ? STDIN_FILENO : open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw UsageError("cannot read " + name + ": " + std::strerror(errno));
  }
  ~BatchFile() {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  BatchFile(const BatchFile&) = delete;
  BatchFile& operator=(const BatchFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The server's part of the URL: a batch brings the paths.
std::string Base(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

class Batch {
 public:
  Batch(const RequestOptions& options, std::string base, LineInput& input)
      : options_(options),
        base_(std::move(base)),
        input_(input),
        traffic_(options.verbose, options.dump) {}

  int Run() {
    auto url = ParseUrl(base_);
    if (!url) throw UsageError(url.error());
    if (!url->path.empty() || !url->queries.empty()) {
      throw UsageError("the URL of a batch has no path: " + base_);
    }
    const auto key_log = KeyLogFromEnvironment();
    client::Config config = options_.connect.MakeConfig(url->secure);
    config.key_log = key_log.get();
    config.session_ticket = false;
    config.trace = [this](const client::DatagramTrace& trace) { traffic_.Note(trace); };
    config.answer_timeout = Seconds(options_.max_seconds);
    auto connection = client::Connection::Open(url->host, url->port, config, input_.wake_fd());
    if (!connection) return Fail("request", connection.error(), kExitFailure);
    while (const auto line = NextLine(**connection)) {
      ++number_;
      if (!line->empty()) Ask(**connection, *line);
    }
    (*connection)->Close();
    return all_good_ ? kExitOk : kExitFailure;
  }

 private:
  // None: the input has ended, or the connection.
  std::optional<std::string> NextLine(client::Connection& connection) {
    for (;;) {
      if (auto line = input_.Poll()) return line;
      if (input_.ended()) return std::nullopt;
      input_.Arm(true);
      const auto event = connection.Wait(std::chrono::hours(1));
      input_.Arm(false);
      if (const auto* end = event ? std::get_if<client::Disconnected>(&*event) : nullptr) {
        Fail("request", end->detail, kExitFailure);
        all_good_ = false;
        return std::nullopt;
      }
    }
  }

  void Ask(client::Connection& connection, const std::string& text) {
    const auto line = ParseBatchLine(text);
    if (!line) throw UsageError(Where() + line.error());
    const auto url = ParseUrl(base_ + line->target);
    if (!url) throw UsageError(Where() + url.error());
    MessageOptions message = options_.message;
    message.method = line->method;
    auto built = BuildRequest(message, *url, AsBytes(line->body));
    if (!built) throw UsageError(Where() + built.error());
    traffic_.BeginExchange(Now());
    const auto response =
        connection.Exchange(std::move(built->request), Seconds(options_.max_seconds));
    traffic_.EndExchange(Now());
    Print(response);
  }

  void Print(const Result<client::Response, std::string>& response) {
    nlohmann::ordered_json out = nlohmann::ordered_json::parse(traffic_.Json())["exchange"];
    if (!response) {
      out["error"] = response.error();
    } else {
      out["code"] = CodeText(response->code);
      const auto format = client::FindUint(response->options, coap::OptionNumber::kContentFormat);
      if (format) out["format"] = *format;
      out["body_bytes"] = response->body.size();
      const auto json = BodyAsJson(*response);
      auto body = json ? nlohmann::ordered_json::parse(*json, nullptr, false)
                       : nlohmann::ordered_json(nullptr);
      if (!body.is_discarded()) out["body"] = std::move(body);
    }
    const bool good = response && (response->code.is_empty() || response->code.cls() == 2);
    all_good_ = all_good_ && good;
    std::cout << out.dump() << std::endl;
  }

  std::string Where() const { return "line " + std::to_string(number_) + " of the batch: "; }

  const RequestOptions& options_;
  std::string base_;
  LineInput& input_;
  TrafficLog traffic_;
  unsigned number_ = 0;
  bool all_good_ = true;
};

}  // namespace

Result<BatchLine, std::string> ParseBatchLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos) {
    return Failure(std::string("it is not METHOD PATH [BODY]"));
  }
  BatchLine out;
  out.method = line.substr(0, method_end);
  std::ranges::transform(out.method, out.method.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  line.remove_prefix(method_end + 1);
  const size_t target_end = std::min(line.find(' '), line.size());
  out.target = line.substr(0, target_end);
  if (!out.target.starts_with('/')) return Failure(std::string("its path does not begin with /"));
  if (target_end < line.size()) out.body = line.substr(target_end + 1);
  return out;
}

int RunBatch(const RequestOptions& options) {
  const BatchFile file(options.batch);
  LineInput input(file.fd());
  return Batch(options, Base(options.url), input).Run();
}

}  // namespace lowband::tools
