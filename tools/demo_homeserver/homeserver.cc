#include "tools/demo_homeserver/homeserver.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace lowband::demo {
namespace {

constexpr std::string_view kPrefixes[] = {"/_matrix/client/r0/", "/_matrix/client/v3/"};

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::map<std::string, std::string> ParseQuery(std::string_view query) {
  std::map<std::string, std::string> out;
  for (std::string_view pair : Split(query, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (!pair.empty())
      out[PercentDecode(pair.substr(0, equals), true)] = PercentDecode(value, true);
  }
  return out;
}

/// The decoded values of the pattern's {}; nothing if the path is another one. The path is split
/// before it is decoded, so that %2F stays inside its segment.
std::optional<std::vector<std::string>> Match(std::string_view pattern, std::string_view path) {
  if (!pattern.starts_with('/')) {
    const auto* prefix = std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                                      [&](std::string_view p) { return path.starts_with(p); });
    if (prefix == std::end(kPrefixes)) return std::nullopt;
    path.remove_prefix(prefix->size());
  }
  const auto wanted = Split(pattern, '/');
  const auto given = Split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> params;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{}") {
      params.push_back(PercentDecode(given[i], false));
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return params;
}

/// Canonical JSON, and so every event, has no floats: a real homeserver refuses them.
bool HasFloat(const Json& value) {
  if (value.is_number_float()) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), HasFloat);
}

}  // namespace

Reply Error(int status, const std::string& errcode, const std::string& text) {
  return Reply{status, Json{{"errcode", errcode}, {"error", text}}};
}

std::string RandomText(size_t size) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device device;
  std::uniform_int_distribution<size_t> pick(0, kAlphabet.size() - 1);
  std::string out(size, ' ');
  std::generate(out.begin(), out.end(), [&] { return kAlphabet[pick(device)]; });
  return out;
}

int64_t NowMs() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock::now().time_since_epoch())
      .count();
}

const std::vector<Homeserver::Route>& Homeserver::Routes() {
  using H = Homeserver;
  static const std::vector<Route> kRoutes = {
      {"GET", "/_matrix/client/versions", false, &H::Versions},
      {"GET", "/.well-known/matrix/client", false, &H::WellKnown},
      {"GET", "capabilities", true, &H::Capabilities},
      {"POST", "register", false, &H::Register},
      {"GET", "login", false, &H::LoginFlows},
      {"POST", "login", false, &H::Login},
      {"POST", "logout", true, &H::Logout},
      {"GET", "account/whoami", true, &H::WhoAmI},
      {"GET", "profile/{}", false, &H::GetProfile},
      {"GET", "profile/{}/{}", false, &H::GetProfile},
      {"PUT", "profile/{}/{}", true, &H::PutProfile},
      {"POST", "user/{}/filter", true, &H::PostFilter},
      {"GET", "user/{}/filter/{}", true, &H::GetFilter},
      {"GET", "user/{}/account_data/{}", true, &H::GetAccountData},
      {"PUT", "user/{}/account_data/{}", true, &H::PutAccountData},
      {"GET", "user/{}/rooms/{}/account_data/{}", true, &H::GetAccountData},
      {"PUT", "user/{}/rooms/{}/account_data/{}", true, &H::PutAccountData},
      {"POST", "keys/upload", true, &H::KeysUpload},
      {"POST", "keys/query", true, &H::KeysQuery},
      {"GET", "pushrules/", true, &H::PushRules},
      {"PUT", "presence/{}/status", true, &H::Accept},
      {"POST", "createRoom", true, &H::CreateRoom},
      {"GET", "directory/room/{}", false, &H::ResolveAlias},
      {"POST", "join/{}", true, &H::Join},
      {"POST", "rooms/{}/join", true, &H::Join},
      {"POST", "rooms/{}/invite", true, &H::Invite},
      {"POST", "rooms/{}/leave", true, &H::Leave},
      {"PUT", "rooms/{}/send/{}/{}", true, &H::Send},
      {"GET", "rooms/{}/state", true, &H::GetState},
      {"GET", "rooms/{}/state/{}", true, &H::GetStateEvent},
      {"GET", "rooms/{}/state/{}/{}", true, &H::GetStateEvent},
      {"PUT", "rooms/{}/state/{}", true, &H::PutStateEvent},
      {"PUT", "rooms/{}/state/{}/{}", true, &H::PutStateEvent},
      {"GET", "rooms/{}/event/{}", true, &H::GetEvent},
      {"GET", "rooms/{}/messages", true, &H::Messages},
      {"GET", "rooms/{}/members", true, &H::Members},
      {"GET", "rooms/{}/joined_members", true, &H::JoinedMembers},
      {"GET", "joined_rooms", true, &H::JoinedRooms},
      {"PUT", "rooms/{}/typing/{}", true, &H::Accept},
      {"POST", "rooms/{}/receipt/{}/{}", true, &H::Accept},
      {"POST", "rooms/{}/read_markers", true, &H::Accept},
      {"GET", "sync", true, &H::Sync},
      {"GET", "/_demo/stats", false, &H::Stats},
      {"POST", "/_demo/fault", false, &H::AddFault},
  };
  return kRoutes;
}

Reply Homeserver::Handle(const Request& request) {
  std::unique_lock lock(mutex_);
  try {
    if (!request.target.starts_with("/_demo/")) {
      if (auto fault = InjectFault(request, lock)) return *fault;
    }
    return Dispatch(request, lock);
  } catch (const Json::exception& error) {  // a member has another type than the API's
    return Error(400, "M_BAD_JSON", error.what());
  }
}

Reply Homeserver::Dispatch(const Request& request, std::unique_lock<std::mutex>& lock) {
  const std::string_view target = request.target;
  const size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  bool other_method = false;
  for (const Route& route : Routes()) {
    auto params = Match(route.pattern, path);
    if (!params) continue;
    if (route.method != request.method) {
      other_method = true;
      continue;
    }
    Call call{.request = request,
              .lock = lock,
              .params = std::move(*params),
              .query = ParseQuery(target.substr(std::min(question + 1, target.size())))};
    if (auto refusal = Authorize(route, call)) return *refusal;
    if (!request.body.empty()) {
      call.body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
      if (call.body.is_discarded()) return Error(400, "M_NOT_JSON", "Content not JSON.");
      if (!call.body.is_object()) return Error(400, "M_BAD_JSON", "Content must be an object.");
      if (HasFloat(call.body)) return Error(400, "M_BAD_JSON", "Bad JSON value: float");
    }
    if (!route.pattern.starts_with("/_demo/")) {
      ++executed_[std::string(route.method) + " " + std::string(route.pattern)];
    }
    return (this->*route.handler)(call);
  }
  return Error(other_method ? 405 : 404, "M_UNRECOGNIZED", "Unrecognized request");
}

std::optional<Reply> Homeserver::Authorize(const Route& route, Call& call) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string& header = call.request.authorization;
  if (header.starts_with(kBearer)) {
    call.token = header.substr(kBearer.size());
  } else if (const auto in_query = call.query.find("access_token"); in_query != call.query.end()) {
    call.token = in_query->second;
  }
  if (route.needs_token) {
    if (call.token.empty()) return Error(401, "M_MISSING_TOKEN", "Missing access token");
    const auto device = devices_.find(call.token);
    if (device == devices_.end()) {
      return Error(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.");
    }
    call.user = device->second.user;
  }
  if (route.pattern.starts_with("/_demo/")) return std::nullopt;
  return LimitRate(route.needs_token ? call.token : call.request.client);
}

std::optional<Reply> Homeserver::LimitRate(const std::string& key) {
  if (options_.rate_limit <= 0) return std::nullopt;
  const int64_t now = NowMs();
  Bucket& bucket = buckets_[key];
  // A leaky bucket that holds one second's worth.
  const double leaked = static_cast<double>(now - bucket.at_ms) * options_.rate_limit / 1000;
  bucket = {std::max(0.0, bucket.level - leaked), now};
  const double excess = bucket.level + 1 - std::max(1.0, options_.rate_limit);
  if (excess <= 0) {
    bucket.level += 1;
    return std::nullopt;
  }
  Reply reply = Error(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
  reply.retry_after_ms = 1 + static_cast<int64_t>(excess / options_.rate_limit * 1000);
  reply.body["retry_after_ms"] = reply.retry_after_ms;
  return reply;
}

std::optional<Reply> Homeserver::InjectFault(const Request& request,
                                             std::unique_lock<std::mutex>& lock) {
  const auto hit = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.remaining > 0 && request.target.find(fault.path) != std::string::npos;
  });
  if (hit == faults_.end()) return std::nullopt;
  --hit->remaining;
  const Fault fault = *hit;
  lock.unlock();
  std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
  lock.lock();
  if (fault.status == 0 && !fault.truncate) return std::nullopt;  // late, but real
  return Reply{fault.status == 0 ? 200 : fault.status, fault.body, 0, fault.truncate};
}

/// Adds a fault for the next `count` requests whose target contains `path`: first a delay of
/// `delay_ms`, then `status` with `body` instead of the real answer; `truncate` closes the
/// connection in the middle of the body. `count` 0 removes all faults.
Reply Homeserver::AddFault(Call& call) {
  const Json& b = call.body;
  const int64_t count = b.value("count", int64_t{1});
  if (count == 0) faults_.clear();
  faults_.push_back({b.value("path", "/"), count, b.value("delay_ms", int64_t{0}),
                     b.value("status", 0), b.value("truncate", false),
                     b.value("body", Json{{"errcode", "M_UNKNOWN"}, {"error", "A fault."}})});
  return {};
}

/// The counts of executed requests, for tests of "exactly once".
Reply Homeserver::Stats(Call&) {
  uint64_t total = 0, most = 0;
  for (const auto& [transaction, count] : arrivals_) {
    total += count;
    most = std::max(most, count);
  }
  return {200, Json{{"requests", executed_},
                    {"sends",
                     {{"transactions", arrivals_.size()},
                      {"events", sent_.size()},
                      {"arrivals", total},
                      {"most_arrivals_of_one", most}}}}};
}

void Homeserver::SetBaseUrl(const std::string& url) {
  const std::lock_guard lock(mutex_);
  options_.base_url = url;
}

}  // namespace lowband::demo
