// /sync: the news for a user since a position; waits until there is some.
#include <algorithm>
#include <chrono>

#include "tools/demo_homeserver/homeserver.h"

namespace lowband::demo {
namespace {

constexpr size_t kTimelineDefault = 10;
constexpr size_t kTimelineMost = 1000;
constexpr int64_t kTimeoutMost = 120'000;  // ms

/// An event in the form of /sync, without room_id: its place determines the room.
Json WithoutRoom(const Json& event) {
  Json copy = event;
  copy.erase("room_id");
  return copy;
}

}  // namespace

void Homeserver::Touch(const std::string& user, Position position) {
  const auto found = users_.find(user);
  if (found == users_.end()) return;
  found->second.latest = position;
  changed_.notify_all();
}

Reply Homeserver::Sync(Call& call) {
  const std::string& since_text = call.query["since"];
  const bool initial = since_text.empty();
  if (!initial && !since_text.starts_with('s')) {
    return Error(400, "M_INVALID_PARAM", "Invalid stream token");
  }
  const Position since = initial ? 0 : std::strtoull(since_text.c_str() + 1, nullptr, 10);
  const int64_t timeout = std::clamp<int64_t>(
      std::strtoll(call.query["timeout"].c_str(), nullptr, 10), 0, kTimeoutMost);
  if (!initial && call.query["full_state"] != "true") {
    changed_.wait_for(call.lock, std::chrono::milliseconds(timeout),
                      [&] { return users_[call.user].latest > since; });
    if (!devices_.contains(call.token)) {  // logged out meanwhile
      return Error(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.");
    }
  }
  return {200, SyncBody(call, since, TimelineLimit(call))};
}

/// `filter` is an id or the filter itself; all but room.timeline.limit is ignored.
size_t Homeserver::TimelineLimit(const Call& call) const {
  const auto given = call.query.find("filter");
  if (given == call.query.end()) return kTimelineDefault;
  Json filter = Json::parse(given->second, nullptr, /*allow_exceptions=*/false);
  if (filter.is_number_unsigned()) {
    const auto& filters = users_.at(call.user).filters;
    const size_t id = filter;
    filter = id < filters.size() ? filters[id] : Json();
  }
  const Json::json_pointer pointer("/room/timeline/limit");
  return filter.is_object() ? std::min(filter.value(pointer, kTimelineDefault), kTimelineMost)
                            : kTimelineDefault;
}

Json Homeserver::SyncBody(const Call& call, Position since, size_t limit) {
  const User& user = users_[call.user];
  // Unchanged if there is no news: observers compare the tokens.
  Json body = {{"next_batch", "s" + std::to_string(std::max(since, user.latest))}};
  for (const auto& [key, data] : user.account_data) {
    if (data.position <= since) continue;
    Json& place = key.first.empty() ? body["account_data"]["events"]
                                    : body["rooms"]["join"][key.first]["account_data"]["events"];
    place.push_back({{"type", key.second}, {"content", data.content}});
  }
  for (const auto& [id, room] : rooms_) {
    const Event* membership = StateOf(room, "m.room.member", call.user);
    if (membership == nullptr) continue;
    const std::string kind = Membership(room, call.user);
    if (kind == "join") {
      // A user who joined after `since` has no events of the room yet.
      const Position known = membership->position > since ? 0 : since;
      if (room.timeline.back().position > known) {
        body["rooms"]["join"][id].update(SyncRoom(call, room, known, limit));
      }
    } else if (kind == "invite" && membership->position > since) {
      Json& events = body["rooms"]["invite"][id]["invite_state"]["events"];
      for (const char* type : {"m.room.create", "m.room.join_rules", "m.room.name"}) {
        if (const Event* event = StateOf(room, type, ""))
          events.push_back(WithoutRoom(event->body));
      }
      events.push_back(WithoutRoom(membership->body));
    } else if (kind == "leave" && since != 0 && membership->position > since) {
      body["rooms"]["leave"][id]["timeline"]["events"].push_back(WithoutRoom(membership->body));
    }
  }
  return body;
}

Json Homeserver::SyncRoom(const Call& call, const Room& room, Position since, size_t limit) const {
  const auto& all = room.timeline;
  const auto fresh = std::partition_point(
      all.begin(), all.end(), [&](const Event& event) { return event.position <= since; });
  const size_t count = std::min<size_t>(static_cast<size_t>(all.end() - fresh), limit);
  const auto first = all.end() - static_cast<std::ptrdiff_t>(count);
  Json events = Json::array();
  for (auto event = first; event != all.end(); ++event) {
    events.push_back(WithoutRoom(event->body));
    if (!event->transaction.empty() && event->token == call.token) {
      events.back()["unsigned"]["transaction_id"] = event->transaction;
    }
  }
  Json state = Json::array();  // the state changes in the gap before the timeline
  for (const auto& [key, index] : room.state) {
    const Event& event = all[index];
    const bool in_gap = event.position > since && index < static_cast<size_t>(first - all.begin());
    if (in_gap) state.push_back(WithoutRoom(event.body));
  }
  const Position before = first == all.begin() ? 0 : (first - 1)->position;
  return {{"timeline",
           {{"events", events},
            {"limited", first != fresh},
            {"prev_batch", "s" + std::to_string(before)}}},
          {"state", {{"events", state}}}};
}

}  // namespace lowband::demo
