#include "tools/lowband/sync_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "libs/client/options.h"
#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/sliding_request.h"

namespace lowband::tools {
namespace {

using coap::OptionNumber;

constexpr const char* kSyncCode = "7";  // of /_matrix/client/r0/sync (MSC3079)

std::string ReadToken(const std::string& path) {
  const Bytes bytes = ReadFile(path);
  std::string token(AsText(bytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const bool odd =
      std::ranges::any_of(token, [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
  if (odd || token.empty()) {
    throw UsageError("--token-file: \"" + path + "\" must hold the access token and nothing else");
  }
  return token;
}

std::vector<std::string> ReadPath(const SyncOptions& options) {
  if (options.path.empty() && !options.sliding) return {kSyncCode};
  const std::string path = options.path.empty() ? kSlidingSyncPath : options.path;
  // Queries belong into the URL, where they are checked.
  const auto url = path.find_first_of("?#") == std::string::npos && path.starts_with('/')
                       ? ParseUrl("coap://host" + path)
                       : Result<Url, std::string>(Failure(std::string()));
  if (!url || url->path.empty()) {
    throw UsageError("--path: \"" + path + "\" is no path like /_matrix/client/v3/sync");
  }
  return url->path;
}

Url ReadUrl(const SyncOptions& options) {
  auto url = ParseUrl(options.url);
  if (!url) throw UsageError(url.error());
  if (!url->path.empty()) {
    throw UsageError("the URL has a path; that of /sync is added, or what --path says");
  }
  for (const std::string& query : url->queries) {
    const std::string name = query.substr(0, query.find('='));
    if (name == "since" || name == "pos" || name == "timeout" || name == "filter" ||
        name == "access_token") {
      throw UsageError("the query " + name +
                       " is not taken from the URL; see --cursor, --timeout, "
                       "--filter and --token");
    }
  }
  url->path = ReadPath(options);
  url->queries.push_back("timeout=" + std::to_string(options.timeout_ms));
  if (!options.filter.empty()) {
    if (options.filter.starts_with('{') && !nlohmann::json::accept(options.filter)) {
      throw UsageError("--filter begins like JSON but is not valid JSON");
    }
    url->queries.push_back("filter=" + options.filter);
  }
  return *url;
}

}  // namespace

SyncRequest::SyncRequest(const SyncOptions& options)
    : url_(ReadUrl(options)), message_(options.message) {
  message_.path_codes = false;  // a literal path stays literal, and the default is a code already
  if (!options.token_file.empty()) message_.token = ReadToken(options.token_file);
  if (options.sliding) {
    message_.method = "FETCH";
    parameters_ = ReadParameters(options.body);
  } else if (!options.body.empty()) {
    throw UsageError("--body is for sliding sync only: add --sliding");
  }
  auto built = Build({});
  if (!built) throw UsageError(built.error());
  request_ = std::move(built->request);
  ignored_headers_ = std::move(built->ignored_headers);
}

Result<BuiltRequest, std::string> SyncRequest::Build(const SyncPosition& since) const {
  const std::string body =
      parameters_.empty() ? "" : WithToDeviceSince(parameters_, since.to_device);
  return BuildRequest(message_, url_, AsBytes(body));
}

client::Request SyncRequest::Make(const SyncPosition& since, bool first_of_session) const {
  client::Request request = request_;
  // Built before with other parameters, so it can be built with these.
  if (!since.to_device.empty()) request = Build(since).value().request;
  if (url_.secure && !first_of_session) {
    std::erase_if(request.options, [](const client::OutgoingOption& option) {
      return option.number == OptionNumber::kMatrixAccessToken ||
             option.number == OptionNumber::kMatrixKeyTableVersion ||
             option.number == OptionNumber::kUserAgent;
    });
  }
  if (!since.next.empty()) {
    const std::string name = parameters_.empty() ? "since=" : "pos=";
    request.options.push_back(client::TextOption(OptionNumber::kUriQuery, name + since.next));
  }
  return request;
}

}  // namespace lowband::tools
