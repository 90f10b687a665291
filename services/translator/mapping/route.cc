#include "services/translator/mapping/route.h"

#include <algorithm>

#include "libs/transcode/path_table.h"

namespace lowband::translator {
namespace {

struct Row {
  Route route;
  char code;
  bool post;  ///< The API has a POST.
  std::string_view name;
};

constexpr std::array<Row, kTableRouteCount> kRows = {{
    {Route::kVersions, '0', false, "versions"},
    {Route::kLogin, '1', true, "login"},
    {Route::kCapabilities, '2', false, "capabilities"},
    {Route::kLogout, '3', true, "logout"},
    {Route::kRegister, '4', true, "register"},
    {Route::kFilters, '5', true, "filters"},
    {Route::kFilter, '6', false, "filter"},
    {Route::kSync, '7', false, "sync"},
    {Route::kStateEvent, '8', false, "state_event"},
    {Route::kSend, '9', false, "send"},
    {Route::kEvent, 'A', false, "event"},
    {Route::kState, 'B', false, "state"},
    {Route::kMembers, 'C', false, "members"},
    {Route::kJoinedMembers, 'D', false, "joined_members"},
    {Route::kMessages, 'E', false, "messages"},
    {Route::kRedact, 'F', false, "redact"},
    {Route::kCreateRoom, 'G', true, "create_room"},
    {Route::kRoomAlias, 'H', false, "room_alias"},
    {Route::kJoinedRooms, 'I', false, "joined_rooms"},
    {Route::kInvite, 'J', true, "invite"},
    {Route::kRoomJoin, 'K', true, "room_join"},
    {Route::kJoin, 'L', true, "join"},
    {Route::kLeave, 'M', true, "leave"},
    {Route::kForget, 'N', true, "forget"},
    {Route::kKick, 'O', true, "kick"},
    {Route::kBan, 'P', true, "ban"},
    {Route::kUnban, 'Q', true, "unban"},
    {Route::kDirectoryVisibility, 'R', false, "directory_visibility"},
    {Route::kPublicRooms, 'S', true, "public_rooms"},
    {Route::kUserSearch, 'T', true, "user_search"},
    {Route::kDisplayName, 'U', false, "display_name"},
    {Route::kAvatarUrl, 'V', false, "avatar_url"},
    {Route::kProfile, 'W', false, "profile"},
    {Route::kTurnServer, 'X', false, "turn_server"},
    {Route::kTyping, 'Y', false, "typing"},
    {Route::kReceipt, 'Z', true, "receipt"},
    {Route::kReadMarkers, 'a', true, "read_markers"},
    {Route::kPresence, 'b', false, "presence"},
    {Route::kSendToDevice, 'c', false, "send_to_device"},
    {Route::kDevices, 'd', false, "devices"},
    {Route::kDevice, 'e', false, "device"},
    {Route::kDeleteDevices, 'f', true, "delete_devices"},
    {Route::kKeysUpload, 'g', true, "keys_upload"},
    {Route::kKeysQuery, 'h', true, "keys_query"},
    {Route::kKeysClaim, 'i', true, "keys_claim"},
    {Route::kKeysChanges, 'j', false, "keys_changes"},
    {Route::kPushers, 'k', false, "pushers"},
    {Route::kPushersSet, 'l', true, "pushers_set"},
    {Route::kNotifications, 'm', false, "notifications"},
    {Route::kPushRules, 'n', false, "push_rules"},
    {Route::kSearch, 'o', true, "search"},
    {Route::kTags, 'p', false, "tags"},
    {Route::kTag, 'q', false, "tag"},
    {Route::kAccountData, 'r', false, "account_data"},
    {Route::kRoomAccountData, 's', false, "room_account_data"},
    {Route::kContext, 't', false, "context"},
    {Route::kReport, 'u', true, "report"},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].route) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

using Segments = std::span<const std::string_view>;

bool IsPlaceholder(std::string_view pattern) { return pattern.starts_with('{'); }

bool Fits(Segments pattern, Segments segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (IsPlaceholder(pattern[i]) || pattern[i] == segments[i]) continue;
    if (pattern[i] != "r0" || !IsApiVersion(segments[i])) return false;
  }
  return true;
}

Route RouteOfClientPath(Segments segments) {
  const auto table = transcode::PathTable();
  const auto fits = [segments](const transcode::PathRow& row) {
    return Fits(row.segments, segments);
  };
  const auto row = std::find_if(table.begin(), table.end(), fits);
  if (row != table.end()) return RouteOfCode(row->code).value_or(Route::kOther);
  const Segments api = segments.subspan(2);
  if (api.size() == 2 && IsApiVersion(api[0]) && api[1] == "events") return Route::kEvents;
  if (api.size() == 2 && api[0] == "v4" && api[1] == "sync") return Route::kSlidingSync;
  const bool unstable = api.size() == 3 && api[0] == "unstable";
  if (unstable && api[1] == "org.matrix.simplified_msc3575" && api[2] == "sync") {
    return Route::kSlidingSync;
  }
  if (api.size() == 3 && IsApiVersion(api[0]) && api[1] == "media" && api[2] == "config") {
    return Route::kMediaConfig;
  }
  if (api.size() >= 4 && IsApiVersion(api[0]) && api[1] == "login") {
    const bool sso = api[2] == "sso" && api[3] == "redirect" && api.size() <= 5;
    const bool cas = api[2] == "cas" && (api[3] == "redirect" || api[3] == "ticket");
    if (sso || (cas && api.size() == 4)) return Route::kSsoRedirect;
  }
  const bool msc4108 = api.size() >= 3 && api[0] == "unstable" && api[1] == "org.matrix.msc4108";
  if (msc4108 && api[2] == "rendezvous") return Route::kRendezvous;
  if (api.size() == 5 && api[1] == "auth" && api[3] == "fallback" && api[4] == "web") {
    return Route::kAuthFallback;
  }
  return Route::kOther;
}

}  // namespace

std::string_view Text(Route route) {
  const auto index = static_cast<size_t>(route);
  if (index < kRows.size()) return kRows[index].name;
  switch (route) {
    case Route::kEvents: return "events";
    case Route::kSlidingSync: return "sliding_sync";
    case Route::kWellKnownClient: return "well_known_client";
    case Route::kWellKnown: return "well_known";
    case Route::kServerKeys: return "server_keys";
    case Route::kMediaConfig: return "media_config";
    case Route::kSsoRedirect: return "sso_redirect";
    case Route::kRendezvous: return "rendezvous";
    case Route::kAuthFallback: return "auth_fallback";
    default: return "other";
  }
}

std::optional<Route> RouteOfCode(char code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row.route;
  }
  return std::nullopt;
}

Route RouteOfPath(Segments segments) {
  if (!segments.empty() && segments.back().empty()) segments = segments.first(segments.size() - 1);
  if (segments.size() < 2) return Route::kOther;
  if (segments[0] == ".well-known" && segments[1] == "matrix") {
    const bool client = segments.size() == 3 && segments[2] == "client";
    return client ? Route::kWellKnownClient : Route::kWellKnown;
  }
  // Where Synapse keeps the sessions that MSC4108's path begins.
  const bool synapse = segments[0] == "_synapse" && segments[1] == "client";
  if (synapse && segments.size() == 4 && segments[2] == "rendezvous") return Route::kRendezvous;
  if (segments[0] != "_matrix") return Route::kOther;
  if (segments[1] == "key") return Route::kServerKeys;
  if (segments[1] == "media" && segments.size() == 4 && segments[3] == "config") {
    return Route::kMediaConfig;
  }
  return segments[1] == "client" ? RouteOfClientPath(segments) : Route::kOther;
}

bool IsApiVersion(std::string_view segment) {
  return segment == "r0" || segment == "v3" || segment == "v1";
}

bool HasPost(Route route) {
  const auto index = static_cast<size_t>(route);
  return route == Route::kSlidingSync || (index < kRows.size() && kRows[index].post);
}

bool IsLongPoll(Route route) {
  return route == Route::kSync || route == Route::kSlidingSync || route == Route::kEvents;
}

bool IsJoin(Route route) { return route == Route::kJoin || route == Route::kRoomJoin; }

bool IsObservable(Route route) { return route == Route::kSync; }

bool IsWellKnown(Route route) {
  return route == Route::kWellKnownClient || route == Route::kWellKnown;
}

}  // namespace lowband::translator
