#include "services/translator/mapping/route.h"

#include <algorithm>

#include "libs/transcode/path_table.h"

namespace lowband::translator::mapping {
namespace {

/// The requests that homeservers answer only with a valid access token.
enum class TokenFor : uint8_t {
  kNothing,
  kChanges,  ///< All but GET.
  kAll,
};

struct Row {
  Route route;
  char code;  ///< 0: no row in the path table.
  bool post;  ///< The API has a POST.
  TokenFor token;
  std::string_view name;
};

// Tokens: by "Requires authentication" in the client-server API. Not for APIs where some servers
// require none: profiles and public rooms, and limits of uploads, which a separate media repository
// may serve.
constexpr std::array<Row, kRouteCount> kRows = {{
    {Route::kVersions, '0', false, TokenFor::kNothing, "versions"},
    {Route::kLogin, '1', true, TokenFor::kNothing, "login"},
    {Route::kCapabilities, '2', false, TokenFor::kAll, "capabilities"},
    {Route::kLogout, '3', true, TokenFor::kAll, "logout"},
    {Route::kRegister, '4', true, TokenFor::kNothing, "register"},
    {Route::kFilters, '5', true, TokenFor::kAll, "filters"},
    {Route::kFilter, '6', false, TokenFor::kAll, "filter"},
    {Route::kSync, '7', false, TokenFor::kAll, "sync"},
    {Route::kStateEvent, '8', false, TokenFor::kAll, "state_event"},
    {Route::kSend, '9', false, TokenFor::kAll, "send"},
    {Route::kEvent, 'A', false, TokenFor::kAll, "event"},
    {Route::kState, 'B', false, TokenFor::kAll, "state"},
    {Route::kMembers, 'C', false, TokenFor::kAll, "members"},
    {Route::kJoinedMembers, 'D', false, TokenFor::kAll, "joined_members"},
    {Route::kMessages, 'E', false, TokenFor::kAll, "messages"},
    {Route::kRedact, 'F', false, TokenFor::kAll, "redact"},
    {Route::kCreateRoom, 'G', true, TokenFor::kAll, "create_room"},
    {Route::kRoomAlias, 'H', false, TokenFor::kChanges, "room_alias"},
    {Route::kJoinedRooms, 'I', false, TokenFor::kAll, "joined_rooms"},
    {Route::kInvite, 'J', true, TokenFor::kAll, "invite"},
    {Route::kRoomJoin, 'K', true, TokenFor::kAll, "room_join"},
    {Route::kJoin, 'L', true, TokenFor::kAll, "join"},
    {Route::kLeave, 'M', true, TokenFor::kAll, "leave"},
    {Route::kForget, 'N', true, TokenFor::kAll, "forget"},
    {Route::kKick, 'O', true, TokenFor::kAll, "kick"},
    {Route::kBan, 'P', true, TokenFor::kAll, "ban"},
    {Route::kUnban, 'Q', true, TokenFor::kAll, "unban"},
    {Route::kDirectoryVisibility, 'R', false, TokenFor::kChanges, "directory_visibility"},
    {Route::kPublicRooms, 'S', true, TokenFor::kChanges, "public_rooms"},
    {Route::kUserSearch, 'T', true, TokenFor::kAll, "user_search"},
    {Route::kDisplayName, 'U', false, TokenFor::kChanges, "display_name"},
    {Route::kAvatarUrl, 'V', false, TokenFor::kChanges, "avatar_url"},
    {Route::kProfile, 'W', false, TokenFor::kChanges, "profile"},
    {Route::kTurnServer, 'X', false, TokenFor::kAll, "turn_server"},
    {Route::kTyping, 'Y', false, TokenFor::kAll, "typing"},
    {Route::kReceipt, 'Z', true, TokenFor::kAll, "receipt"},
    {Route::kReadMarkers, 'a', true, TokenFor::kAll, "read_markers"},
    {Route::kPresence, 'b', false, TokenFor::kAll, "presence"},
    {Route::kSendToDevice, 'c', false, TokenFor::kAll, "send_to_device"},
    {Route::kDevices, 'd', false, TokenFor::kAll, "devices"},
    {Route::kDevice, 'e', false, TokenFor::kAll, "device"},
    {Route::kDeleteDevices, 'f', true, TokenFor::kAll, "delete_devices"},
    {Route::kKeysUpload, 'g', true, TokenFor::kAll, "keys_upload"},
    {Route::kKeysQuery, 'h', true, TokenFor::kAll, "keys_query"},
    {Route::kKeysClaim, 'i', true, TokenFor::kAll, "keys_claim"},
    {Route::kKeysChanges, 'j', false, TokenFor::kAll, "keys_changes"},
    {Route::kPushers, 'k', false, TokenFor::kAll, "pushers"},
    {Route::kPushersSet, 'l', true, TokenFor::kAll, "pushers_set"},
    {Route::kNotifications, 'm', false, TokenFor::kAll, "notifications"},
    {Route::kPushRules, 'n', false, TokenFor::kAll, "push_rules"},
    {Route::kSearch, 'o', true, TokenFor::kAll, "search"},
    {Route::kTags, 'p', false, TokenFor::kAll, "tags"},
    {Route::kTag, 'q', false, TokenFor::kAll, "tag"},
    {Route::kAccountData, 'r', false, TokenFor::kAll, "account_data"},
    {Route::kRoomAccountData, 's', false, TokenFor::kAll, "room_account_data"},
    {Route::kContext, 't', false, TokenFor::kAll, "context"},
    {Route::kReport, 'u', true, TokenFor::kAll, "report"},
    {Route::kEvents, 0, false, TokenFor::kAll, "events"},
    {Route::kSlidingSync, 0, true, TokenFor::kAll, "sliding_sync"},
    {Route::kWellKnownClient, 0, false, TokenFor::kNothing, "well_known_client"},
    {Route::kWellKnown, 0, false, TokenFor::kNothing, "well_known"},
    {Route::kServerKeys, 0, false, TokenFor::kNothing, "server_keys"},
    {Route::kMediaConfig, 0, false, TokenFor::kNothing, "media_config"},
    {Route::kSsoRedirect, 0, false, TokenFor::kNothing, "sso_redirect"},
    {Route::kRendezvous, 0, false, TokenFor::kNothing, "rendezvous"},
    {Route::kAuthFallback, 0, false, TokenFor::kNothing, "auth_fallback"},
    {Route::kOther, 0, false, TokenFor::kNothing, "other"},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].route) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

const Row& RowOf(Route route) { return kRows[static_cast<size_t>(route)]; }

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

std::string_view Text(Route route) { return RowOf(route).name; }

std::optional<Route> RouteOfCode(char code) {
  if (code == 0) return std::nullopt;
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
  // The path under which Synapse keeps the sessions begun by MSC4108's path.
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

bool HasPost(Route route) { return RowOf(route).post; }

bool NeedsToken(Route route, HttpMethod method) {
  switch (RowOf(route).token) {
    case TokenFor::kNothing: return false;
    case TokenFor::kChanges: return method != HttpMethod::kGet;
    case TokenFor::kAll: return true;
  }
  return false;
}

bool IsLongPoll(Route route) {
  return route == Route::kSync || route == Route::kSlidingSync || route == Route::kEvents;
}

bool IsJoin(Route route) { return route == Route::kJoin || route == Route::kRoomJoin; }

bool IsObservable(Route route) { return route == Route::kSync || route == Route::kSlidingSync; }

bool IsWellKnown(Route route) {
  return route == Route::kWellKnownClient || route == Route::kWellKnown;
}

}  // namespace lowband::translator::mapping
