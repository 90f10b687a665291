// The Matrix API of a path: a bounded set, for the metrics and for the few rules of single APIs
// (long-polls, rewritten documents, FETCH, tokens).
//
// Threading: constant tables; any thread. Spec: MSC3079 appendix B, Matrix client-server API.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "services/translator/mapping/http.h"

namespace lowband::translator::mapping {

/// The 57 rows of the path table in its order, then the APIs without a row.
enum class Route : uint8_t {
  kVersions,
  kLogin,
  kCapabilities,
  kLogout,
  kRegister,
  kFilters,
  kFilter,
  kSync,
  kStateEvent,
  kSend,
  kEvent,
  kState,
  kMembers,
  kJoinedMembers,
  kMessages,
  kRedact,
  kCreateRoom,
  kRoomAlias,
  kJoinedRooms,
  kInvite,
  kRoomJoin,
  kJoin,
  kLeave,
  kForget,
  kKick,
  kBan,
  kUnban,
  kDirectoryVisibility,
  kPublicRooms,
  kUserSearch,
  kDisplayName,
  kAvatarUrl,
  kProfile,
  kTurnServer,
  kTyping,
  kReceipt,
  kReadMarkers,
  kPresence,
  kSendToDevice,
  kDevices,
  kDevice,
  kDeleteDevices,
  kKeysUpload,
  kKeysQuery,
  kKeysClaim,
  kKeysChanges,
  kPushers,
  kPushersSet,
  kNotifications,
  kPushRules,
  kSearch,
  kTags,
  kTag,
  kAccountData,
  kRoomAccountData,
  kContext,
  kReport,

  kEvents,           ///< /events, the long-poll before /sync.
  kSlidingSync,      ///< MSC4186 and its unstable form.
  kWellKnownClient,  ///< /.well-known/matrix/client
  kWellKnown,        ///< Anything else below /.well-known/matrix
  kServerKeys,       ///< /_matrix/key
  kMediaConfig,      ///< Limits of uploads, at both paths.
  kSsoRedirect,      ///< The redirects of a login in a browser.
  kRendezvous,       ///< MSC4108; its documents are text.
  kAuthFallback,     ///< /auth/{type}/fallback/web, a page for a browser.
  kOther,
};
inline constexpr size_t kRouteCount = static_cast<size_t>(Route::kOther) + 1;
inline constexpr size_t kTableRouteCount = static_cast<size_t>(Route::kReport) + 1;
static_assert(kTableRouteCount == 57);

/// A metrics label: lower case, underscores.
std::string_view Text(Route route);
/// The route of a path enum; none if the table has no such row.
std::optional<Route> RouteOfCode(char code);
/// The route of a literal path, by its segments (not percent-encoded), in any API version.
Route RouteOfPath(std::span<const std::string_view> segments);
/// The versions under which the APIs of the table are served; /v4/sync is another API.
bool IsApiVersion(std::string_view segment);
/// The Matrix API has a POST there: FETCH (RFC 8132) may stand for it.
bool HasPost(Route route);
/// A homeserver's success proves that it accepted the request's access token. Otherwise the answer
/// may be the same with any token.
bool NeedsToken(Route route, HttpMethod method);
/// The homeserver holds the request for the time of its `timeout` query.
bool IsLongPoll(Route route);
/// The homeserver asks other servers before it answers, which takes minutes for large rooms.
bool IsJoin(Route route);
/// It can be observed (RFC 7641): by GET, or by FETCH if the Matrix API has a POST there.
bool IsObservable(Route route);
bool IsWellKnown(Route route);

}  // namespace lowband::translator::mapping
