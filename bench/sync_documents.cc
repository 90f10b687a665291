#include "bench/sync_documents.h"

#include <nlohmann/json.hpp>
#include <random>
#include <string_view>

namespace lowband::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kTimestamp = 1'632'489'532'305;
constexpr std::string_view kIdCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kWords[] = {"Hello",     "World",
                                       "meeting",   "at",
                                       "noon",      "déjà",
                                       "vu",        "für",
                                       "alle",      "привет",
                                       "мир",       "你好",
                                       "世界",      "🎉",
                                       "\"quote\"", "line\n",
                                       "a\\b",      "ok",
                                       "synapse",   "the",
                                       "release",   "is",
                                       "out",       "tomorrow",
                                       "please",    "review",
                                       "this",      "patch",
                                       "and",       "then",
                                       "deploy",    "to",
                                       "staging",   "https://example.org/a?b=c"};

class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {}

  size_t Below(size_t limit) { return random_() % limit; }
  std::string Id(size_t size) {
    std::string id;
    while (id.size() < size) id.push_back(kIdCharacters[Below(kIdCharacters.size())]);
    return id;
  }
  std::string Number() { return std::to_string(100 + Below(900)); }
  std::string Room() { return "!" + Id(18) + ":example.org"; }
  std::string User() { return "@" + Id(4 + Below(8)) + ":example.org"; }
  std::string Sentence(size_t words) {
    std::string text;
    for (size_t i = 0; i < words; ++i) {
      if (i > 0) text.push_back(' ');
      text.append(kWords[Below(std::size(kWords))]);
    }
    return text;
  }

  Json Message(size_t words) {
    return {{"content", {{"body", Sentence(words)}, {"msgtype", "m.text"}}},
            {"origin_server_ts", kTimestamp + static_cast<int64_t>(Below(1'000'000'000))},
            {"sender", User()},
            {"type", "m.room.message"},
            {"unsigned", {{"age", Below(100'000)}}},
            {"event_id", "$" + Id(43)}};
  }
  Json Formatted(size_t words) {
    Json event = Message(words);
    event["content"]["format"] = "org.matrix.custom.html";
    event["content"]["formatted_body"] =
        "<p><a href=\"https://matrix.to/#/" + User() + "\">x</a> " + Sentence(words) + "</p>";
    return event;
  }
  Json Member() {
    const std::string user = User();
    return {{"content",
             {{"membership", "join"},
              {"displayname", Sentence(2)},
              {"avatar_url", "mxc://example.org/" + Id(24)}}},
            {"origin_server_ts", kTimestamp + static_cast<int64_t>(Below(1'000'000'000))},
            {"sender", user},
            {"state_key", user},
            {"type", "m.room.member"},
            {"unsigned", {{"age", Below(100'000)}}},
            {"event_id", "$" + Id(43)}};
  }
  Json Receipts() {
    Json content = Json::object();
    for (size_t i = 0; i < 4; ++i) {
      content["$" + Id(43)] = {
          {"m.read", {{User(), {{"ts", kTimestamp + int64_t(Below(1'000'000))}}}}}};
    }
    return {{"type", "m.receipt"}, {"content", content}};
  }
  Json PowerLevels() {
    Json users = Json::object();
    for (size_t i = 0; i < 1 + Below(30); ++i) users[User()] = Below(101);
    return {{"content",
             {{"users", users},
              {"users_default", 0},
              {"events", {{"m.room.name", 50}, {"m.room.power_levels", 100}}},
              {"state_default", 50},
              {"ban", 50},
              {"kick", 50},
              {"invite", 0}}},
            {"origin_server_ts", kTimestamp},
            {"sender", User()},
            {"state_key", ""},
            {"type", "m.room.power_levels"},
            {"event_id", "$" + Id(43)}};
  }
  Json JoinedRoom() {
    Json state = Json::array({PowerLevels()});
    for (size_t i = 0; i < 2 + Below(12); ++i) state.push_back(Member());
    Json timeline = Json::array();
    for (size_t i = 0; i < 10 + Below(11); ++i) {
      timeline.push_back(Below(5) == 0 ? Formatted(4 + Below(20)) : Message(1 + Below(20)));
    }
    return {
        {"timeline",
         {{"events", timeline}, {"prev_batch", "t47-" + Number() + "_4_0_1"}, {"limited", true}}},
        {"state", {{"events", state}}},
        {"account_data", {{"events", Json::array()}}},
        {"ephemeral", {{"events", Json::array({Receipts()})}}},
        {"unread_notifications", {{"notification_count", Below(30)}, {"highlight_count", 0}}},
        {"summary", Json::object()}};
  }

 private:
  std::mt19937_64 random_;
};

Json Around(const Json& joined, const std::string& token) {
  return {{"next_batch", token},
          {"account_data", {{"events", Json::array()}}},
          {"presence", {{"events", Json::array()}}},
          {"to_device", {{"events", Json::array()}}},
          {"device_lists", {{"changed", Json::array()}, {"left", Json::array()}}},
          {"device_one_time_keys_count", {{"signed_curve25519", 50}}},
          {"rooms", {{"join", joined}}}};
}

}  // namespace

std::vector<std::string> IdleSyncs(size_t count, uint64_t seed) {
  Writer writer(seed);
  std::vector<std::string> documents;
  while (documents.size() < count) {
    const Json sync = {{"next_batch", "s48_4_0_1_1_1_1_3_1_" + writer.Number()},
                       {"device_one_time_keys_count", {{"signed_curve25519", 50}}},
                       {"org.matrix.msc2732.device_unused_fallback_key_types", Json::array()},
                       {"device_unused_fallback_key_types", Json::array()}};
    documents.push_back(sync.dump());
  }
  return documents;
}

std::vector<std::string> MessageSyncs(size_t count, uint64_t seed) {
  Writer writer(seed);
  std::vector<std::string> documents;
  while (documents.size() < count) {
    const Json room = {
        {"timeline",
         {{"events", Json::array({writer.Message(1 + writer.Below(4))})},
          {"limited", false},
          {"prev_batch", "t47-4_4_0_" + writer.Number()}}},
        {"state", {{"events", Json::array()}}},
        {"account_data", {{"events", Json::array()}}},
        {"ephemeral", {{"events", Json::array()}}},
        {"unread_notifications", {{"notification_count", 0}, {"highlight_count", 0}}}};
    documents.push_back(Around({{writer.Room(), room}}, "s48_4_0_1_1_1_1_3_1").dump());
  }
  return documents;
}

std::string LargeSync(size_t bytes, uint64_t seed) {
  Writer writer(seed);
  Json joined = Json::object();
  size_t size = 0;
  while (size < bytes) {
    Json room = writer.JoinedRoom();
    size += room.dump().size() + 38;
    joined[writer.Room()] = std::move(room);
  }
  return Around(joined, "s48_4_0_1_1_1_1_3_1").dump();
}

}  // namespace lowband::bench
