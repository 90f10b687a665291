// Rooms: membership, events, state, history.
#include <algorithm>

#include "tools/demo_homeserver/homeserver.h"

namespace lowband::demo {
namespace {

constexpr size_t kMessagesDefault = 10;
constexpr size_t kMessagesMost = 1000;

Reply NotInRoom() { return Error(403, "M_FORBIDDEN", "User not in room"); }

std::string At(const std::vector<std::string>& params, size_t index) {
  return index < params.size() ? params[index] : std::string();
}

}  // namespace

Homeserver::Event& Homeserver::Append(const std::string& room_id, const std::string& sender,
                                      const std::string& type, Json content,
                                      std::optional<std::string> state_key) {
  Room& room = rooms_[room_id];
  Json body = {{"event_id", "$" + RandomText(43)},  // as long as a real one
               {"type", type},
               {"sender", sender},
               {"room_id", room_id},
               {"origin_server_ts", NowMs()},
               {"content", std::move(content)}};
  if (state_key) {
    body["state_key"] = *state_key;
    room.state[{type, *state_key}] = room.timeline.size();
  }
  room.timeline.push_back({++position_, std::move(body), "", ""});
  for (const auto& [key, index] : room.state) {
    if (key.first == "m.room.member" &&
        room.timeline[index].body["content"].value("membership", "") == "join") {
      Touch(key.second, position_);
    }
  }
  if (type == "m.room.member") Touch(*state_key, position_);  // invited or gone: not joined
  return room.timeline.back();
}

void Homeserver::SetMembership(const std::string& room_id, const std::string& sender,
                               const std::string& user, const std::string& membership) {
  Json content = {{"membership", membership}};
  if (const auto known = users_.find(user); known != users_.end()) {
    content.update(known->second.profile);
  }
  Append(room_id, sender, "m.room.member", content, user);
}

const Homeserver::Event* Homeserver::StateOf(const Room& room, const std::string& type,
                                             const std::string& key) const {
  const auto found = room.state.find({type, key});
  return found == room.state.end() ? nullptr : &room.timeline[found->second];
}

std::string Homeserver::Membership(const Room& room, const std::string& user) const {
  const Event* event = StateOf(room, "m.room.member", user);
  return event == nullptr ? "" : event->body["content"].value("membership", "");
}

Homeserver::Room* Homeserver::FindJoined(const Call& call, const std::string& room_id) {
  const auto room = rooms_.find(room_id);
  if (room == rooms_.end() || Membership(room->second, call.user) != "join") return nullptr;
  return &room->second;
}

Reply Homeserver::CreateRoom(Call& call) {
  const Json& b = call.body;
  const std::string alias =
      b.contains("room_alias_name")
          ? "#" + b["room_alias_name"].get<std::string>() + ":" + options_.server_name
          : "";
  if (aliases_.contains(alias)) return Error(400, "M_ROOM_IN_USE", "Room alias already taken");
  const std::string id = "!" + RandomText(18) + ":" + options_.server_name;
  const std::string preset =
      b.value("preset", b.value("visibility", "") == "public" ? "public_chat" : "private_chat");
  const std::string& me = call.user;
  Append(id, me, "m.room.create", {{"creator", me}, {"room_version", "10"}}, "");
  SetMembership(id, me, me, "join");
  Append(id, me, "m.room.power_levels", {{"users", {{me, 100}}}, {"users_default", 0}}, "");
  Append(id, me, "m.room.join_rules",
         {{"join_rule", preset == "public_chat" ? "public" : "invite"}}, "");
  Append(id, me, "m.room.history_visibility", {{"history_visibility", "shared"}}, "");
  if (!alias.empty()) {
    aliases_[alias] = id;
    Append(id, me, "m.room.canonical_alias", {{"alias", alias}}, "");
  }
  for (const char* key : {"name", "topic"}) {
    if (b.contains(key)) Append(id, me, std::string("m.room.") + key, {{key, b[key]}}, "");
  }
  for (const Json& event : b.value("initial_state", Json::array())) {
    Append(id, me, event.at("type"), event.at("content"), event.value("state_key", ""));
  }
  for (const std::string user : b.value("invite", Json::array()))
    SetMembership(id, me, user, "invite");
  return {200, Json{{"room_id", id}}};
}

Reply Homeserver::ResolveAlias(Call& call) {
  const auto alias = aliases_.find(call.params[0]);
  if (alias == aliases_.end()) return Error(404, "M_NOT_FOUND", "Room alias not found");
  return {200, Json{{"room_id", alias->second}, {"servers", {options_.server_name}}}};
}

Reply Homeserver::Join(Call& call) {
  const auto alias = aliases_.find(call.params[0]);
  const std::string id = alias == aliases_.end() ? call.params[0] : alias->second;
  const auto room = rooms_.find(id);
  if (room == rooms_.end()) return Error(404, "M_NOT_FOUND", "No known servers");
  const std::string membership = Membership(room->second, call.user);
  const Json& rule = StateOf(room->second, "m.room.join_rules", "")->body["content"];
  if (membership != "join") {
    if (membership != "invite" && rule.value("join_rule", "") != "public") {
      return Error(403, "M_FORBIDDEN", "You are not invited to this room.");
    }
    SetMembership(id, call.user, call.user, "join");
  }
  return {200, Json{{"room_id", id}}};
}

Reply Homeserver::Invite(Call& call) {
  Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  const std::string user = call.body.at("user_id");
  if (Membership(*room, user) == "join") return Error(403, "M_FORBIDDEN", "Already in the room");
  SetMembership(call.params[0], call.user, user, "invite");
  return {};
}

Reply Homeserver::Leave(Call& call) {
  const auto room = rooms_.find(call.params[0]);
  if (room == rooms_.end()) return Error(404, "M_NOT_FOUND", "Not a known room");
  const std::string membership = Membership(room->second, call.user);
  if (membership != "join" && membership != "invite") return NotInRoom();
  SetMembership(call.params[0], call.user, call.user, "leave");
  return {};
}

Reply Homeserver::Send(Call& call) {
  const std::string& room_id = call.params[0];
  ++arrivals_[call.params[2]];
  if (FindJoined(call, room_id) == nullptr) return NotInRoom();
  // By the path as received, as in Synapse: another spelling is another transaction.
  const std::string& target = call.request.target;
  const std::string key = call.token + " " + target.substr(0, target.find('?'));
  const auto known = sent_.find(key);
  if (known != sent_.end()) return {200, Json{{"event_id", known->second}}};
  Event& event = Append(room_id, call.user, call.params[1], call.body);
  event.transaction = call.params[2];
  event.token = call.token;
  sent_[key] = event.body["event_id"];
  return {200, Json{{"event_id", event.body["event_id"]}}};
}

Reply Homeserver::GetState(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  Reply reply{200, Json::array()};
  for (const auto& [key, index] : room->state) reply.body.push_back(room->timeline[index].body);
  return reply;
}

Reply Homeserver::GetStateEvent(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  const Event* event = StateOf(*room, call.params[1], At(call.params, 2));
  if (event == nullptr) return Error(404, "M_NOT_FOUND", "Event not found.");
  return {200, event->body["content"]};
}

Reply Homeserver::PutStateEvent(Call& call) {
  if (FindJoined(call, call.params[0]) == nullptr) return NotInRoom();
  const Event& event =
      Append(call.params[0], call.user, call.params[1], call.body, At(call.params, 2));
  return {200, Json{{"event_id", event.body["event_id"]}}};
}

Reply Homeserver::GetEvent(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  const auto& timeline = room->timeline;
  const auto found = std::find_if(timeline.begin(), timeline.end(), [&](const Event& event) {
    return event.body["event_id"] == call.params[1];
  });
  if (found == timeline.end()) return Error(404, "M_NOT_FOUND", "Event not found.");
  return {200, found->body};
}

/// A token `s<n>` is the point after position n, in both directions.
Reply Homeserver::Messages(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  const bool back = call.query["dir"] != "f";
  const std::string from = call.query["from"];
  const Position start =
      from.size() > 1 ? std::strtoull(from.c_str() + 1, nullptr, 10) : (back ? position_ : 0);
  const std::string asked = call.query["limit"];
  const size_t limit =
      asked.empty() ? kMessagesDefault
                    : std::min<size_t>(std::strtoull(asked.c_str(), nullptr, 10), kMessagesMost);
  const auto& timeline = room->timeline;
  const auto middle =
      std::partition_point(timeline.begin(), timeline.end(),
                           [&](const Event& event) { return event.position <= start; });
  Reply reply{200, Json{{"start", "s" + std::to_string(start)}, {"chunk", Json::array()}}};
  Json& chunk = reply.body["chunk"];
  auto at = middle;
  while (chunk.size() < limit && at != (back ? timeline.begin() : timeline.end())) {
    chunk.push_back(back ? (--at)->body : (at++)->body);
  }
  if (at != (back ? timeline.begin() : timeline.end())) {  // no `end`: there are no more events
    reply.body["end"] = "s" + std::to_string(at == timeline.begin() ? 0 : (at - 1)->position);
  }
  return reply;
}

Reply Homeserver::Members(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  Reply reply{200, Json{{"chunk", Json::array()}}};
  for (const auto& [key, index] : room->state) {
    if (key.first == "m.room.member") reply.body["chunk"].push_back(room->timeline[index].body);
  }
  return reply;
}

Reply Homeserver::JoinedMembers(Call& call) {
  const Room* room = FindJoined(call, call.params[0]);
  if (room == nullptr) return NotInRoom();
  Reply reply{200, Json{{"joined", Json::object()}}};
  for (const auto& [key, index] : room->state) {
    if (key.first != "m.room.member" || Membership(*room, key.second) != "join") continue;
    const Json& content = room->timeline[index].body["content"];
    reply.body["joined"][key.second] = {{"display_name", content.value("displayname", Json())},
                                        {"avatar_url", content.value("avatar_url", Json())}};
  }
  return reply;
}

Reply Homeserver::JoinedRooms(Call& call) {
  Reply reply{200, Json{{"joined_rooms", Json::array()}}};
  for (const auto& [id, room] : rooms_) {
    if (Membership(room, call.user) == "join") reply.body["joined_rooms"].push_back(id);
  }
  return reply;
}

}  // namespace lowband::demo
