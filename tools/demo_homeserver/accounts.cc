// Accounts: discovery, registration, login, profiles, filters, account data.
#include <algorithm>

#include "tools/demo_homeserver/homeserver.h"

namespace lowband::demo {
namespace {

/// The user id for `name`, which is a localpart or already a whole id.
std::string UserId(const std::string& name, const std::string& server) {
  return name.starts_with('@') ? name : "@" + name + ":" + server;
}

bool IsLocalpart(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return islower(c) || isdigit(c) ||
           std::string_view("._=-/+").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

Reply Homeserver::Versions(Call&) {
  return {200, Json{{"versions",
                     {"r0.6.1", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8",
                      "v1.9", "v1.10", "v1.11"}},
                    {"unstable_features", Json::object()}}};
}

Reply Homeserver::WellKnown(Call&) {
  return {200, Json{{"m.homeserver", {{"base_url", options_.base_url}}}}};
}

Reply Homeserver::Capabilities(Call&) {
  return {200,
          Json{{"capabilities",
                {{"m.change_password", {{"enabled", false}}},
                 {"m.room_versions", {{"default", "10"}, {"available", {{"10", "stable"}}}}}}}}};
}

Reply Homeserver::Register(Call& call) {
  if (!call.body.contains("auth")) {  // user-interactive authentication: first send the flows
    return {401, Json{{"session", RandomText(24)},
                      {"flows", {{{"stages", {"m.login.dummy"}}}}},
                      {"params", Json::object()}}};
  }
  if (call.body["auth"].value("type", "") != "m.login.dummy") {
    return Error(401, "M_FORBIDDEN", "Unknown authentication stage");
  }
  std::string name = call.body.value("username", "");
  if (name.empty()) name = std::to_string(users_.size() + 1);
  if (!IsLocalpart(name)) return Error(400, "M_INVALID_USERNAME", "Invalid characters in username");
  const std::string user = UserId(name, options_.server_name);
  if (users_.contains(user)) return Error(400, "M_USER_IN_USE", "User ID already taken.");
  users_[user].password = call.body.value("password", "");
  users_[user].profile["displayname"] = name;
  if (call.body.value("inhibit_login", false)) {
    return {200, Json{{"user_id", user}, {"home_server", options_.server_name}}};
  }
  return {200, NewDevice(user, call.body)};
}

Json Homeserver::NewDevice(const std::string& user, const Json& request) {
  const std::string id = request.value("device_id", RandomText(10));
  std::erase_if(devices_, [&](const auto& entry) {  // a device has one token
    return entry.second.user == user && entry.second.id == id;
  });
  const std::string token = "syt_" + RandomText(40);  // as long as Synapse's
  devices_[token] = {user, id};
  return {{"user_id", user},
          {"access_token", token},
          {"device_id", id},
          {"home_server", options_.server_name},
          {"well_known", {{"m.homeserver", {{"base_url", options_.base_url}}}}}};
}

Reply Homeserver::LoginFlows(Call&) {
  return {200, Json{{"flows", {{{"type", "m.login.password"}}}}}};
}

Reply Homeserver::Login(Call& call) {
  if (call.body.value("type", "") != "m.login.password") {
    return Error(400, "M_UNKNOWN", "Unknown login type");
  }
  const Json identifier = call.body.value("identifier", Json::object());
  const std::string name = identifier.value("user", call.body.value("user", ""));
  const auto user = users_.find(UserId(name, options_.server_name));
  if (user == users_.end() || user->second.password != call.body.value("password", "")) {
    return Error(403, "M_FORBIDDEN", "Invalid username or password");
  }
  return {200, NewDevice(user->first, call.body)};
}

Reply Homeserver::Logout(Call& call) {
  devices_.erase(call.token);
  return {};
}

Reply Homeserver::WhoAmI(Call& call) {
  return {
      200,
      Json{{"user_id", call.user}, {"device_id", devices_.at(call.token).id}, {"is_guest", false}}};
}

Reply Homeserver::GetProfile(Call& call) {
  const auto user = users_.find(call.params[0]);
  if (user == users_.end()) return Error(404, "M_NOT_FOUND", "Profile was not found");
  const Json& profile = user->second.profile;
  if (call.params.size() == 1) return {200, profile};
  const std::string& key = call.params[1];
  return {200, profile.contains(key) ? Json{{key, profile[key]}} : Json::object()};
}

Reply Homeserver::PutProfile(Call& call) {
  if (call.params[0] != call.user) return Error(403, "M_FORBIDDEN", "Cannot change others");
  const std::string& key = call.params[1];
  users_[call.user].profile[key] = call.body.value(key, "");
  return {};
}

Reply Homeserver::PostFilter(Call& call) {
  if (call.params[0] != call.user) return Error(403, "M_FORBIDDEN", "Cannot create filters");
  auto& filters = users_[call.user].filters;
  filters.push_back(call.body);
  return {200, Json{{"filter_id", std::to_string(filters.size() - 1)}}};
}

Reply Homeserver::GetFilter(Call& call) {
  if (call.params[0] != call.user) return Error(403, "M_FORBIDDEN", "Cannot get filters");
  const auto& filters = users_[call.user].filters;
  for (size_t i = 0; i < filters.size(); ++i) {
    if (std::to_string(i) == call.params[1]) return {200, filters[i]};
  }
  return Error(404, "M_NOT_FOUND", "No such filter");
}

Reply Homeserver::GetAccountData(Call& call) {
  if (call.params[0] != call.user) return Error(403, "M_FORBIDDEN", "Not your account data");
  const auto& data = users_[call.user].account_data;
  const auto found = data.find({call.params.size() == 3 ? call.params[1] : "", call.params.back()});
  if (found == data.end()) return Error(404, "M_NOT_FOUND", "Account data not found");
  return {200, found->second.content};
}

Reply Homeserver::PutAccountData(Call& call) {
  if (call.params[0] != call.user) return Error(403, "M_FORBIDDEN", "Not your account data");
  users_[call.user]
      .account_data[{call.params.size() == 3 ? call.params[1] : "", call.params.back()}] = {
      ++position_, call.body};
  Touch(call.user, position_);
  return {};
}

Reply Homeserver::KeysUpload(Call&) { return {200, Json{{"one_time_key_counts", Json::object()}}}; }

Reply Homeserver::KeysQuery(Call&) {
  return {200, Json{{"device_keys", Json::object()}, {"failures", Json::object()}}};
}

Reply Homeserver::PushRules(Call&) { return {200, Json{{"global", Json::object()}}}; }

Reply Homeserver::Accept(Call&) { return {}; }

}  // namespace lowband::demo
