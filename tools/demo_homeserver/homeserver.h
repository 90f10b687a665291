// An in-memory Matrix homeserver, small enough to read at once, for the demo and the tests. Real
// where clients notice (user-interactive registration, transaction ids, long-polling /sync, error
// codes, rate limits), absent elsewhere: no federation, no encryption beyond empty key lists, no
// power levels, nothing kept on disk. Not for production.
//
// Threading: Handle from any thread; one mutex guards all data; a waiting /sync releases it.
// Ownership: owns all of its data. Limits: none on its data; the process is short-lived.
// Spec: Matrix client-server API v1.11, of which each path is served under r0 and v3.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowband::demo {

using Json = nlohmann::json;
/// The order of all events; `s<position>` in tokens of /sync and /messages.
using Position = uint64_t;

struct Request {
  std::string method;
  std::string target;         ///< Path and query as received, still percent-encoded.
  std::string authorization;  ///< Value of the header, or empty.
  std::string client;         ///< Address, for the rate limit of requests without a token.
  std::string body;
};

struct Reply {
  int status = 200;
  Json body = Json::object();
  int64_t retry_after_ms = 0;  ///< Sent as Retry-After, in whole seconds, if not 0.
  bool truncate = false;  ///< A fault: announce the whole body, send half, close the connection.
};

struct Options {
  std::string server_name = "demo.localhost";
  std::string base_url;   ///< base_url in .well-known and login.
  double rate_limit = 0;  ///< Requests a second and access token; 0 for no limit.
};

class Homeserver {
 public:
  explicit Homeserver(Options options) : options_(std::move(options)) {}
  /// May block: a /sync until there is news or its timeout is over.
  Reply Handle(const Request& request);
  void SetBaseUrl(const std::string& url);

 private:
  struct Event {
    Position position;
    Json body;                ///< With room_id; /sync leaves that out.
    std::string transaction;  ///< Transaction id of `token`, which alone gets it.
    std::string token;
  };
  struct Room {
    std::vector<Event> timeline;                                  ///< Rising positions.
    std::map<std::pair<std::string, std::string>, size_t> state;  ///< Into timeline.
  };
  struct AccountData {
    Position position;
    Json content;
  };
  struct User {
    std::string password;
    Json profile = Json::object();
    /// By room (empty: of the whole account) and type.
    std::map<std::pair<std::string, std::string>, AccountData> account_data;
    std::vector<Json> filters;
    Position latest = 0;  ///< Position of the newest event in this user's /sync.
  };
  struct Device {
    std::string user;
    std::string id;
  };
  struct Fault {
    std::string path;  ///< Hits targets that contain this.
    int64_t remaining;
    int64_t delay_ms;
    int status;
    bool truncate;
    Json body;
  };
  struct Bucket {
    double level = 0;
    int64_t at_ms = 0;
  };
  /// A request once its route is known.
  struct Call {
    const Request& request;
    std::unique_lock<std::mutex>& lock;
    std::vector<std::string> params;  ///< Values of the route's {}, decoded.
    std::map<std::string, std::string> query;
    std::string token = "";
    std::string user = "";  ///< Empty on routes that need no token.
    Json body = Json::object();
  };
  struct Route {
    std::string_view method;
    std::string_view pattern;  ///< Below /_matrix/client/{r0,v3}/, or absolute.
    bool needs_token;
    Reply (Homeserver::*handler)(Call&);
  };

  // homeserver.cc: from a request to its handler.
  static const std::vector<Route>& Routes();
  Reply Dispatch(const Request& request, std::unique_lock<std::mutex>& lock);
  std::optional<Reply> Authorize(const Route& route, Call& call);
  std::optional<Reply> LimitRate(const std::string& key);
  std::optional<Reply> InjectFault(const Request& request, std::unique_lock<std::mutex>& lock);
  Reply Stats(Call& call);
  Reply AddFault(Call& call);

  // accounts.cc
  Reply Versions(Call& call);
  Reply WellKnown(Call& call);
  Reply Capabilities(Call& call);
  Reply Register(Call& call);
  Reply LoginFlows(Call& call);
  Reply Login(Call& call);
  Reply Logout(Call& call);
  Reply WhoAmI(Call& call);
  Reply GetProfile(Call& call);
  Reply PutProfile(Call& call);
  Reply PostFilter(Call& call);
  Reply GetFilter(Call& call);
  Reply GetAccountData(Call& call);
  Reply PutAccountData(Call& call);
  Reply KeysUpload(Call& call);
  Reply KeysQuery(Call& call);
  Reply PushRules(Call& call);
  Reply Accept(Call& call);  ///< Typing, receipts and the like: checked for a token, dropped.
  Json NewDevice(const std::string& user, const Json& request);

  // rooms.cc
  Reply CreateRoom(Call& call);
  Reply ResolveAlias(Call& call);
  Reply Join(Call& call);
  Reply Invite(Call& call);
  Reply Leave(Call& call);
  Reply Send(Call& call);
  Reply GetState(Call& call);
  Reply GetStateEvent(Call& call);
  Reply PutStateEvent(Call& call);
  Reply GetEvent(Call& call);
  Reply Messages(Call& call);
  Reply Members(Call& call);
  Reply JoinedMembers(Call& call);
  Reply JoinedRooms(Call& call);
  Event& Append(const std::string& room_id, const std::string& sender, const std::string& type,
                Json content, std::optional<std::string> state_key = std::nullopt);
  void SetMembership(const std::string& room_id, const std::string& sender, const std::string& user,
                     const std::string& membership);
  const Event* StateOf(const Room& room, const std::string& type, const std::string& key) const;
  std::string Membership(const Room& room, const std::string& user) const;
  Room* FindJoined(const Call& call, const std::string& room_id);

  // sync.cc
  Reply Sync(Call& call);
  Json SyncBody(const Call& call, Position since, size_t limit);
  Json SyncRoom(const Call& call, const Room& room, Position since, size_t limit) const;
  size_t TimelineLimit(const Call& call) const;
  void Touch(const std::string& user, Position position);

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  Options options_;
  Position position_ = 0;
  std::map<std::string, User> users_;      // by @name:server
  std::map<std::string, Device> devices_;  // by access token
  std::map<std::string, Room> rooms_;      // by id
  std::map<std::string, std::string> aliases_;
  std::map<std::string, std::string> sent_;  // token and path of a send → event id
  std::map<std::string, Bucket> buckets_;
  std::vector<Fault> faults_;
  std::map<std::string, uint64_t> executed_;  // by method and pattern
  std::map<std::string, uint64_t> arrivals_;  // by transaction id of /send
};

/// An error of the standard form.
Reply Error(int status, const std::string& errcode, const std::string& text);
/// `size` random letters and digits.
std::string RandomText(size_t size);
int64_t NowMs();  ///< Unix time.

}  // namespace lowband::demo
