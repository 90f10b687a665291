#include "bench/canned_bodies.h"

#include <nlohmann/json.hpp>

namespace lowband::bench {
namespace {

using Json = nlohmann::json;

constexpr int kMembers = 50;       // 15.8 KB
constexpr size_t kLarge = 63'000;  // bytes of JSON: 62 blocks as CBOR
constexpr int64_t kTimestamp = 1'632'489'532'305;

std::string Response(std::string_view status, const Json& body) {
  const std::string text = body.dump();
  std::string out = "HTTP/1.1 ";
  out.append(status)
      .append("\r\nServer: Synapse/1.157.0\r\nContent-Type: application/json\r\nContent-Length: ")
      .append(std::to_string(text.size()))
      .append("\r\n\r\n")
      .append(text);
  return out;
}

/// An event id of the length of real ones, different for each `number`.
std::string EventId(int number) {
  std::string id = "$dUgkyAWxXTtJMLkuWQJ0eGhoyN9fEsjRJ9b0bNzXSd0";
  const std::string digits = std::to_string(number);
  id.replace(id.size() - digits.size(), digits.size(), digits);
  return id;
}

Json Member(int number) {
  const std::string user = "@member" + std::to_string(number) + ":example.org";
  return {{"type", "m.room.member"},
          {"room_id", "!TmaZBKYIFrIPVGoUYp:example.org"},
          {"sender", user},
          {"state_key", user},
          {"origin_server_ts", kTimestamp + number},
          {"event_id", EventId(number)},
          {"content",
           {{"membership", "join"},
            {"displayname", "Member " + std::to_string(number)},
            {"avatar_url", nullptr}}},
          {"unsigned", {{"age", 1000 + number}}}};
}

Json SyncWithOneMessage() {
  const Json message = {{"type", "m.room.message"},
                        {"sender", "@alice:example.org"},
                        {"content", {{"msgtype", "m.text"}, {"body", "Hello World"}}},
                        {"event_id", EventId(0)},
                        {"origin_server_ts", kTimestamp},
                        {"unsigned", {{"age", 118}}}};
  const Json room = {
      {"timeline", {{"events", {message}}, {"limited", false}, {"prev_batch", "t47-4_4_0_1"}}},
      {"state", {{"events", Json::array()}}},
      {"account_data", {{"events", Json::array()}}},
      {"ephemeral", {{"events", Json::array()}}},
      {"unread_notifications", {{"notification_count", 0}, {"highlight_count", 0}}}};
  return {{"next_batch", "s48_4_0_1_1_1_1_3_1"},
          {"account_data", {{"events", Json::array()}}},
          {"presence", {{"events", Json::array()}}},
          {"to_device", {{"events", Json::array()}}},
          {"device_lists", {{"changed", Json::array()}, {"left", Json::array()}}},
          {"device_one_time_keys_count", {{"signed_curve25519", 50}}},
          {"rooms", {{"join", {{"!TmaZBKYIFrIPVGoUYp:example.org", room}}}}}};
}

Json Members(size_t bytes) {
  Json body = {{"chunk", Json::array()}};
  size_t size = body.dump().size();
  for (int number = 0; size < bytes; ++number) {
    body["chunk"].push_back(Member(number));
    size += body["chunk"].back().dump().size() + 1;
  }
  return body;
}

}  // namespace

CannedAnswers::CannedAnswers()
    : versions_(Response("200 OK", {{"versions", {"r0.6.1", "v1.1", "v1.11"}}})),
      sent_(Response("200 OK", {{"event_id", EventId(0)}})),
      sync_(Response("200 OK", SyncWithOneMessage())),
      large_(Response("200 OK", Members(kLarge))),
      unknown_(Response("404 Not Found",
                        {{"errcode", "M_UNRECOGNIZED"}, {"error", "Unrecognized request"}})) {
  Json members = {{"chunk", Json::array()}};
  for (int number = 0; number < kMembers; ++number) members["chunk"].push_back(Member(number));
  members_ = Response("200 OK", members);
}

std::string_view CannedAnswers::For(std::string_view method, std::string_view target) const {
  const std::string_view path = target.substr(0, target.find('?'));
  if (method == "PUT" && path.find("/send/") != std::string_view::npos) return sent_;
  if (method != "GET") return unknown_;
  if (path.ends_with("/versions")) return versions_;
  if (path.ends_with("/sync")) return sync_;
  if (path.ends_with("/members")) return members_;
  if (path.ends_with("/messages")) return large_;
  return unknown_;
}

}  // namespace lowband::bench
