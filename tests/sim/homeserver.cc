#include "tests/sim/homeserver.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace lowband::testing {
namespace {

using translator::mapping::HttpMethod;
using translator::mapping::HttpResponse;

HttpResponse Json(uint16_t status, const nlohmann::json& body) {
  HttpResponse response;
  response.status = status;
  response.body = body.dump();
  response.content_type = "application/json";
  return response;
}

// Written by hand: the library takes longer for it than all the rest of a run.
HttpResponse Document(uint64_t version, const std::string& padding) {
  HttpResponse response;
  response.status = 200;
  response.body =
      R"({"version":)" + std::to_string(version) + R"(,"padding":")" + padding + R"("})";
  response.content_type = "application/json";
  return response;
}

uint64_t PositionOf(const std::string& token) {
  return token.size() > 1 && token[0] == 's' ? std::stoull(token.substr(1)) : 0;
}

uint64_t ToDeviceSince(const std::string& body) {
  const auto parameters = nlohmann::json::parse(body, nullptr, false);
  const auto since = nlohmann::json::json_pointer("/extensions/to_device/since");
  return parameters.contains(since) ? PositionOf(parameters.at(since).get<std::string>()) : 0;
}

}  // namespace

std::string PaddingOf(uint64_t version) {
  constexpr size_t kSizes[] = {5'000, 9'000, 14'000, 24'000};
  // Some that follow each other are of one size.
  return std::string(kSizes[version / 4 % 4], static_cast<char>('a' + version % 26));
}

std::string QueryValue(std::string_view target, std::string_view name) {
  const std::string key = std::string(name) + "=";
  size_t at = target.find('?');
  while (at != std::string_view::npos) {
    const std::string_view item = target.substr(at + 1);
    if (item.starts_with(key))
      return std::string(item.substr(key.size(), item.find('&') - key.size()));
    at = target.find('&', at + 1);
  }
  return "";
}

uint64_t Homeserver::Request(const translator::mapping::HttpRequest& request, Done done) {
  const uint64_t id = ++last_request_;
  const std::string path = request.target.substr(0, request.target.find('?'));
  constexpr size_t kScheme = sizeof("Bearer ") - 1;
  const std::string user =
      request.authorization.size() > kScheme ? request.authorization.substr(kScheme) : "";
  if (path.ends_with("/sync")) {
    const bool sliding = request.method == HttpMethod::kPost;
    const uint64_t since = PositionOf(QueryValue(request.target, sliding ? "pos" : "since"));
    const uint64_t to_device = sliding ? ToDeviceSince(request.body) : since;
    StartSync(id, request, {user, since, to_device, sliding, std::move(done)});
    return id;
  }
  if (path.find("/slow/") != std::string::npos) {
    waiting_[id] = {user, 0, 0, false, std::move(done)};
    timeline_.After(std::chrono::seconds(20), [this, id] { Finish(id); });
    return id;
  }
  if (path.find("/large/") != std::string::npos) {
    done(Document(0, std::string(60'000, 'l')));
    return id;
  }
  if (request.method == HttpMethod::kPost) {
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    ++executions_[body.value("name", "")];
    done(Json(200, {{"room_id", "!" + body.value("name", "")}}));
    return id;
  }
  if (request.method == HttpMethod::kPut) {
    // The path is the key: a transaction that comes again is not carried out again (N3).
    const bool fresh = transactions_.insert(user + path).second;
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    if (fresh) {
      ++executions_[body.value("name", "")];
      Emit(body.value("to", user), false, 0);
    }
    done(Json(200, {{"event_id", "$" + path}}));
    return id;
  }
  // Changes now and then: two such documents must not be mixed.
  const uint64_t version = position_ / 2;
  done(Document(version, PaddingOf(version)));
  return id;
}

void Homeserver::StartSync(uint64_t id, const translator::mapping::HttpRequest& request,
                           Waiting sync) {
  if (on_since) {
    on_since(sync.user, sync.since);
    on_since(sync.user, sync.to_device);
  }
  // To-device messages that the client has are gone, as in Synapse.
  std::erase_if(users_[sync.user].events, [&](const Event& event) {
    return event.to_device && event.position <= sync.to_device;
  });
  const std::string timeout = QueryValue(request.target, "timeout");
  const bool at_once = sync.since == 0 || HasNews(sync) || timeout.empty() || timeout == "0";
  waiting_[id] = std::move(sync);
  if (at_once) {
    Finish(id);
  } else {
    timeline_.After(std::chrono::milliseconds(std::stoull(timeout)), [this, id] { Finish(id); });
  }
}

void Homeserver::Emit(const std::string& user, bool to_device, size_t padding) {
  User& to = users_[user];
  to.events.push_back({++position_, ++to.emitted, to_device, padding});
  Wake(user);
}

uint64_t Homeserver::Emitted(const std::string& user) const {
  const auto it = users_.find(user);
  return it == users_.end() ? 0 : it->second.emitted;
}

bool Homeserver::HasNews(const Waiting& waiting) const {
  const auto it = users_.find(waiting.user);
  return it != users_.end() && std::ranges::any_of(it->second.events, [&](const Event& event) {
           return waiting.Lacks(event);
         });
}

void Homeserver::Wake(const std::string& user) {
  std::vector<uint64_t> ready;
  for (const auto& [id, waiting] : waiting_) {
    if (waiting.user == user && HasNews(waiting)) ready.push_back(id);
  }
  for (const uint64_t id : ready) {
    timeline_.After(std::chrono::milliseconds(1), [this, id] { Finish(id); });
  }
}

void Homeserver::Finish(uint64_t request) {
  const auto it = waiting_.find(request);
  if (it == waiting_.end()) return;
  const Waiting waiting = std::move(it->second);
  waiting_.erase(it);
  waiting.done(Sync(waiting));
}

Homeserver::Answer Homeserver::Sync(const Waiting& waiting) {
  nlohmann::json timeline = nlohmann::json::array();
  nlohmann::json to_device = nlohmann::json::array();
  for (const Event& event : users_[waiting.user].events) {
    if (!waiting.Lacks(event)) continue;
    nlohmann::json item = {{"type", "m.test"},
                           {"content", {{"n", event.number}}},
                           {"padding", std::string(event.padding, 'e')}};
    if (!event.to_device) item["event_id"] = "$" + std::to_string(event.position);
    (event.to_device ? to_device : timeline).push_back(std::move(item));
  }
  const std::string position = "s" + std::to_string(position_);
  if (waiting.sliding) {
    nlohmann::json body = {
        {"pos", position},
        {"lists", {{"all", {{"count", 1}}}}},
        {"rooms", nlohmann::json::object()},
        {"extensions", {{"to_device", {{"next_batch", position}, {"events", to_device}}}}}};
    if (!timeline.empty()) body["rooms"]["!r:h"]["timeline"] = timeline;
    return Json(200, body);
  }
  nlohmann::json body = {{"next_batch", position},
                         {"device_one_time_keys_count", {{"signed_curve25519", 50}}}};
  if (!timeline.empty()) body["rooms"]["join"]["!r:h"]["timeline"]["events"] = timeline;
  if (!to_device.empty()) body["to_device"]["events"] = to_device;
  return Json(200, body);
}

}  // namespace lowband::testing
