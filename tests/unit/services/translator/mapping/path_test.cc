#include "services/translator/mapping/path.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/transcode/path_table.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/percent.h"

namespace lowband::translator::mapping {
namespace {

using Options = std::vector<std::string>;

Result<MappedPath, Refusal> Map(const Options& options, EnumApi api = EnumApi::kR0) {
  const std::vector<std::string_view> views(options.begin(), options.end());
  return MapPath(views, api);
}

/// The target, or the refusal as "400 M_INVALID_PARAM: text".
std::string TargetOf(const Options& options, EnumApi api = EnumApi::kR0) {
  const auto path = Map(options, api);
  if (path) return path->target;
  return std::to_string(path.error().http_status) + " " + std::string(path.error().errcode) + ": " +
         path.error().error;
}

// These must never change: a homeserver keys transaction ids on the path, so another spelling of it
// would send a message twice.
TEST(MapPath, PinnedVectorsThenTheyKeepTheirBytes) {
  struct Case {
    Options options;
    const char* target;
  };
  for (const Case& c : {
           Case{{"9", "!room:example.org", "m.room.message", "m1620810222123.0"},
                "/_matrix/client/r0/rooms/!room:example.org/send/m.room.message/m1620810222123.0"},
           Case{
               {"_matrix", "client", "v3", "rooms", "!r/s:h", "send", "m.room.message", "a b?c#d%"},
               "/_matrix/client/v3/rooms/!r%2Fs:h/send/m.room.message/a%20b%3Fc%23d%25"},
           Case{{"L", "#caf\xc3\xa9:h"}, "/_matrix/client/r0/join/%23caf%C3%A9:h"},
           Case{{"r", "@u:h", "im.vector~x_y-z.!$&'()*+,;=:@"},
                "/_matrix/client/r0/user/@u:h/account_data/im.vector~x_y-z.!$&'()*+,;=:@"},
           Case{{"8", "!r:h", "m.widget", "https://x/y\"<>^`{|}\\"},
                "/_matrix/client/r0/rooms/!r:h/state/m.widget/https:%2F%2Fx%2Fy%22%3C%3E%5E%60%7B"
                "%7C%7D%5C"},
       }) {
    EXPECT_EQ(TargetOf(c.options), c.target);
  }
}

TEST(MapPath, EveryRowOfTheTableThenItsPathFilled) {
  for (const transcode::PathRow& row : transcode::PathTable()) {
    Options options = {std::string(1, row.code)};
    std::string target;
    for (const std::string_view part : row.segments) {
      std::string value(part);
      if (part.starts_with('{')) {
        value = "value" + std::to_string(options.size());
        options.push_back(value);
      }
      target += "/" + value;
    }
    if (row.trailing_slash) target += "/";
    EXPECT_EQ(TargetOf(options), target);
    EXPECT_EQ(Map(options)->route, RouteOfCode(row.code)) << row.code;
    options.push_back("surplus");
    // A state key is free text: what a client cut at a slash is a part of it.
    if (row.code == '8') target += "%2Fsurplus";
    EXPECT_EQ(TargetOf(options), target) << "other surplus values are dropped";
    const size_t version = target.find("/r0/");
    if (version != std::string::npos) target.replace(version, 4, "/v3/");
    EXPECT_EQ(TargetOf(options, EnumApi::kV3), target);
  }
}

TEST(MapPath, CodeOfLowbandThenItsPathInTheVersionOfTheTable) {
  for (const EnumApi api : {EnumApi::kR0, EnumApi::kV3}) {
    EXPECT_EQ(TargetOf({"37"}, api), "/_matrix/client/v3/sync");
    EXPECT_EQ(TargetOf({"39", "!r:h", "m.room.message", "t1"}, api),
              "/_matrix/client/v3/rooms/!r:h/send/m.room.message/t1");
    EXPECT_EQ(TargetOf({"4v", "!r:h", "a/b"}, api), "/_matrix/client/v3/room_keys/keys/!r:h/a%2Fb");
  }
  EXPECT_EQ(Map({"37"})->route, RouteOfCode('7'));
  EXPECT_EQ(Map({"4a"})->route, Route::kSlidingSync);
  EXPECT_EQ(Map({"4H"})->route, Route::kWellKnownClient);
  EXPECT_EQ(TargetOf({"38", "!r:h", "m.x", ".."}),
            "/_matrix/client/v3/rooms/!r:h/state/m.x/%2E%2E");
  EXPECT_EQ(TargetOf({"4v", "!r:h"}), "400 M_MISSING_PARAM: path 4v needs {sessionId}");
}

TEST(MapPath, NoCodeOfLowbandThenNotFound) {
  for (const char* code : {"3-", "40", "4_", "57", "377", "v3"}) {
    const auto mapped = Map({code});
    ASSERT_FALSE(mapped) << code;
    EXPECT_EQ(mapped.error().http_status, 404) << code;
  }
}

TEST(MapPath, EveryRowWithAValueTooFewThenTheMissingOneIsNamed) {
  for (const transcode::PathRow& row : transcode::PathTable()) {
    Options options = {std::string(1, row.code)};
    std::vector<std::string_view> names;
    for (const std::string_view part : row.segments) {
      if (part.starts_with('{')) names.push_back(part);
    }
    for (const std::string_view name : names) {
      EXPECT_EQ(TargetOf(options), std::string("400 M_MISSING_PARAM: path ") + row.code +
                                       " needs " + std::string(name));
      options.push_back("value");
    }
    EXPECT_EQ(TargetOf(options)[0], '/');
  }
}

TEST(MapPath, LiteralPathThenItsVersionStays) {
  for (const char* version : {"r0", "v1", "v3", "unstable"}) {
    const Options options = {"_matrix", "client", version, "sync"};
    const std::string target = std::string("/_matrix/client/") + version + "/sync";
    EXPECT_EQ(TargetOf(options, EnumApi::kR0), target);
    EXPECT_EQ(TargetOf(options, EnumApi::kV3), target);
  }
}

TEST(MapPath, AllowedPrefixesThenOnlyThese) {
  EXPECT_EQ(TargetOf({"_matrix", "client", "versions"}), "/_matrix/client/versions");
  EXPECT_EQ(TargetOf({"_matrix", "key", "v2", "server"}), "/_matrix/key/v2/server");
  EXPECT_EQ(TargetOf({".well-known", "matrix", "client"}), "/.well-known/matrix/client");
  EXPECT_EQ(TargetOf({"_synapse", "client", "rendezvous", "1"}), "/_synapse/client/rendezvous/1");
  const std::string no = "404 M_UNRECOGNIZED: no Matrix client API has this path";
  for (const Options& options : std::vector<Options>{
           {},
           {""},
           {"z"},
           {"_matrix"},
           {"AAA"},
           {"77"},
           {"_synapse", "admin", "v1", "users"},
           {"_synapse", "_matrix", "client"},
           {"_synapse", "client", "rendezvous"},
           {"_synapse", "client", "pick_idp"},
           {"_matrix", "federation", "v1", "version"},
           {"_matrix", "clientx", "versions"},
           {"_Matrix", "client", "versions"},
           {"_matrix%2Fclient", "versions"},
           {"_matrix/client", "versions"},
           {".well-known", "acme-challenge", "x"},
       }) {
    EXPECT_EQ(TargetOf(options), no) << ::testing::PrintToString(options);
  }
}

TEST(MapPath, MediaThenTheErrorSaysToUseHttp) {
  for (const Options& options : std::vector<Options>{
           {"_matrix", "media", "r0", "upload"},
           {"_matrix", "media", "v3", "download", "h", "x"},
           {"_matrix", "client", "v1", "media", "download", "h", "x"},
           {"_matrix", "client", "unstable", "org.matrix.msc3916", "media", "config"},
       }) {
    EXPECT_EQ(TargetOf(options),
              "404 M_UNRECOGNIZED: media is not served over CoAP: use HTTP for uploads and "
              "downloads");
  }
}

TEST(MapPath, BadSegmentThenRefusedByItsNumber) {
  const auto with = [](const std::string& segment) {
    return TargetOf({"_matrix", "client", "r0", segment, "x"});
  };
  EXPECT_EQ(with(""), "400 M_INVALID_PARAM: path segment 4 is empty");
  EXPECT_EQ(with("a\xff"), "400 M_INVALID_PARAM: path segment 4 is not UTF-8");
  EXPECT_EQ(with("\xed\xa0\x80"), "400 M_INVALID_PARAM: path segment 4 is not UTF-8");
  const std::string control = "400 M_INVALID_PARAM: path segment 4 has a control character";
  EXPECT_EQ(with(std::string("a\0b", 3)), control);
  EXPECT_EQ(with("a\r\nHost: evil"), control);
  EXPECT_EQ(with("\x7f"), control);
  EXPECT_EQ(with("\xc2\x85"), control) << "C1 NEL";
  EXPECT_EQ(with("\xc2\xa0"), "/_matrix/client/r0/%C2%A0/x") << "a space, not a control";
  const std::string dots = "400 M_INVALID_PARAM: path segment 4 is or holds a dot segment";
  for (const char* segment : {".", "..", "../../_synapse", "a/..", "a/./b", "a\\..\\b", "%2e%2E",
                              "..%2F..%2F_synapse", "x%2f..", "%2e"}) {
    EXPECT_EQ(with(segment), dots) << segment;
  }
  for (const char* segment : {"...", ".a", "a..b", "..a", "%252e%252e%", "%", "%2", "%zz"}) {
    EXPECT_EQ(with(segment)[0], '/') << segment;
  }
}

TEST(MapPath, EnumValuesThenTheyAreCheckedToo) {
  EXPECT_EQ(TargetOf({"A", "!r:h", ".."}),
            "400 M_INVALID_PARAM: path segment 3 is or holds a dot segment");
  EXPECT_EQ(TargetOf({"A", "", "$e"}), "400 M_INVALID_PARAM: path segment 2 is empty");
  EXPECT_EQ(TargetOf({"7", "", "x"}), "400 M_INVALID_PARAM: path segment 2 is empty");
}

TEST(MapPath, StateKeyOfDotsThenItIsPassedEncoded) {
  const std::string room = "/rooms/!r:h/state/m.widget/";
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.widget", "."}), "/_matrix/client/r0" + room + "%2E");
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.widget", ".."}), "/_matrix/client/r0" + room + "%2E%2E");
  EXPECT_EQ(TargetOf({"_matrix", "client", "v3", "rooms", "!r:h", "state", "m.widget", ".."}),
            "/_matrix/client/v3" + room + "%2E%2E");
  // Nowhere else, and nothing that would lead further up.
  EXPECT_EQ(TargetOf({"8", "!r:h", "..", "."}),
            "400 M_INVALID_PARAM: path segment 3 is or holds a dot segment");
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.widget", "../.."}),
            "400 M_INVALID_PARAM: path segment 4 is or holds a dot segment");
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.widget", "..", "x"}),
            "400 M_INVALID_PARAM: path segment 4 is or holds a dot segment");
  EXPECT_EQ(TargetOf({"9", "!r:h", "m.widget", ".."}),
            "400 M_INVALID_PARAM: path segment 4 is or holds a dot segment");
}

// Go clients decode %2F before they cut the path.
TEST(MapPath, IdsCutAtTheirSlashesThenTheyAreWholeAgain) {
  const std::string r0 = "/_matrix/client/r0/";
  EXPECT_EQ(TargetOf({"A", "!r:h", "$a", "b", "c"}), r0 + "rooms/!r:h/event/$a%2Fb%2Fc");
  EXPECT_EQ(TargetOf({"F", "!r:h", "$a", "b", "txn"}), r0 + "rooms/!r:h/redact/$a%2Fb/txn");
  EXPECT_EQ(TargetOf({"Z", "!r:h", "m.read", "$a", "b"}), r0 + "rooms/!r:h/receipt/m.read/$a%2Fb");
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.x", "a", "b"}), r0 + "rooms/!r:h/state/m.x/a%2Fb");
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.x", "a", ""}), r0 + "rooms/!r:h/state/m.x/a%2F");
  EXPECT_EQ(TargetOf({"q", "@a", "b:h", "!r:h", "u.x"}), r0 + "user/@a%2Fb:h/rooms/!r:h/tags/u.x");
  EXPECT_EQ(TargetOf({"L", "#a", "b:h"}), r0 + "join/%23a%2Fb:h");
  EXPECT_EQ(TargetOf({"C", "!r", "s:h"}), r0 + "rooms/!r%2Fs:h/members");
  EXPECT_EQ(TargetOf({"8", "!r", "m.x", "@a", "b:h"}), r0 + "rooms/!r/state/m.x/@a%2Fb:h");
  const auto v3 = [](Options rest) {
    rest.insert(rest.begin(), {"_matrix", "client", "v3"});
    return TargetOf(rest);
  };
  EXPECT_EQ(v3({"rooms", "!r:h", "event", "$a", "b"}),
            "/_matrix/client/v3/rooms/!r:h/event/$a%2Fb");
  EXPECT_EQ(v3({"profile", "@a", "b:h", "displayname"}),
            "/_matrix/client/v3/profile/@a%2Fb:h/displayname");
  // Ids of Megolm sessions are base64: half of them have a slash.
  const std::string keys = "/_matrix/client/v3/room_keys/keys/!r:h";
  EXPECT_EQ(v3({"room_keys", "keys", "!r:h", "s", "+x", "y"}), keys + "/s%2F+x%2Fy");
  EXPECT_EQ(v3({"room_keys", "keys", "!r:h", "s"}), keys + "/s");
  EXPECT_EQ(v3({"room_keys", "keys", "!r:h"}), keys);
  EXPECT_EQ(TargetOf({"_matrix", "client", "unstable", "room_keys", "keys", "!r:h", "a", "b"}),
            "/_matrix/client/unstable/room_keys/keys/!r:h/a%2Fb");
  // What only begins like a path of the table stays as it is.
  EXPECT_EQ(v3({"profile", "@a:h", "m.tz"}), "/_matrix/client/v3/profile/@a:h/m.tz");
  EXPECT_EQ(v3({"rooms", "!r:h", "relations", "$a", "b"}),
            "/_matrix/client/v3/rooms/!r:h/relations/$a/b");
  EXPECT_EQ(TargetOf({"9", "!r:h", "m.x", "txn", "surplus"}), r0 + "rooms/!r:h/send/m.x/txn");
  EXPECT_EQ(TargetOf({"A", "!r:h", "$a", ""}), r0 + "rooms/!r:h/event/$a");
}

TEST(MapPath, LimitsOfMediaThenTheyAreServed) {
  EXPECT_EQ(TargetOf({"_matrix", "media", "v3", "config"}), "/_matrix/media/v3/config");
  EXPECT_EQ(TargetOf({"_matrix", "client", "v1", "media", "config"}),
            "/_matrix/client/v1/media/config");
  EXPECT_EQ(TargetOf({"_matrix", "media", "v3", "config", "x"}).substr(0, 3), "404");
  EXPECT_EQ(TargetOf({"_matrix", "media", "v3", "upload"}).substr(0, 3), "404");
}

TEST(MapPath, TrailingSlashThenItIsKeptInLiteralPaths) {
  EXPECT_EQ(TargetOf({"_matrix", "client", "v3", "rooms", "!r:h", "state", "m.room.name", ""}),
            "/_matrix/client/v3/rooms/!r:h/state/m.room.name/");
  EXPECT_EQ(TargetOf({"7", ""}), "/_matrix/client/r0/sync");
}

TEST(MapPath, EmptyLastValueThenOnlyAStateKeyMayBe) {
  EXPECT_EQ(TargetOf({"8", "!r:h", "m.room.name", ""}),
            "/_matrix/client/r0/rooms/!r:h/state/m.room.name/");
  EXPECT_EQ(TargetOf({"L", ""}), "400 M_MISSING_PARAM: path L needs {roomIdOrAlias}");
}

// go-coap makes `a//b/c` the options "a" and "/b/c": all that is behind two slashes is one.
TEST(MapPath, SlashFromADoubledOneThenTheFirstSegmentLosesItAndOthersKeepIt) {
  EXPECT_EQ(TargetOf({"/_matrix/client/versions"}), "/_matrix/client/versions");
  EXPECT_EQ(TargetOf({"//_matrix/client/v3/rooms/!r:h/state/m.x/"}),
            "/_matrix/client/v3/rooms/!r:h/state/m.x/");
  EXPECT_EQ(TargetOf({"/_matrix/client/v3/profile/@a/b:h"}), "/_matrix/client/v3/profile/@a%2Fb:h");
  EXPECT_EQ(TargetOf({"/7/"}), "/_matrix/client/r0/sync");
  EXPECT_EQ(TargetOf({"/_matrix/client/../x"}),
            "400 M_INVALID_PARAM: path segment 3 is or holds a dot segment");
  EXPECT_EQ(TargetOf({"/_matrix/client//x"}), "400 M_INVALID_PARAM: path segment 3 is empty");
  EXPECT_EQ(TargetOf({"/_matrix/media/v3/upload"}).substr(0, 3), "404");
  EXPECT_EQ(TargetOf({"/_matrix", "client", "versions"}), "/_matrix/client/versions");
  EXPECT_EQ(TargetOf({"/", "_matrix", "client", "versions"}), "/_matrix/client/versions");
  EXPECT_EQ(TargetOf({"/7"}), "/_matrix/client/r0/sync");
  EXPECT_EQ(TargetOf({"", "_matrix", "client", "versions"}), "/_matrix/client/versions");
  EXPECT_EQ(TargetOf({"", "", "7"}), "/_matrix/client/r0/sync");
  EXPECT_EQ(TargetOf({"", ""}).substr(0, 3), "404");
  EXPECT_EQ(TargetOf({"_matrix", "client", "r0", "x", "//y/"}), "/_matrix/client/r0/x/%2F%2Fy%2F");
}

// go-coap drops the slash at the end of a path; a homeserver has no such list without it.
TEST(MapPath, PushRuleListWithoutItsSlashThenItGetsIt) {
  EXPECT_EQ(TargetOf({"n"}), "/_matrix/client/r0/pushrules/");
  EXPECT_EQ(TargetOf({"_matrix", "client", "v3", "pushrules"}), "/_matrix/client/v3/pushrules/");
  EXPECT_EQ(TargetOf({"_matrix", "client", "r0", "pushrules", ""}),
            "/_matrix/client/r0/pushrules/");
  EXPECT_EQ(TargetOf({"_matrix", "client", "r0", "pushrules", "global"}),
            "/_matrix/client/r0/pushrules/global/");
  EXPECT_EQ(TargetOf({"_matrix", "client", "r0", "pushrules", "global", "override"}),
            "/_matrix/client/r0/pushrules/global/override/");
  EXPECT_EQ(TargetOf({"_matrix", "client", "r0", "pushrules", "global", "override", "x"}),
            "/_matrix/client/r0/pushrules/global/override/x");
}

TEST(MapPath, MoreSegmentsThanTheLimitThenRefused) {
  Options options = {"_matrix", "client"};
  options.resize(kPathSegmentsMax, "x");
  EXPECT_EQ(TargetOf(options)[0], '/');
  options.push_back("x");
  EXPECT_EQ(TargetOf(options), "400 M_INVALID_PARAM: the path has too many segments");
}

/// Splits a target as a server does: at its slashes, then decoding each piece once.
Options Parse(std::string_view target) {
  Options segments;
  while (!target.empty()) {
    const size_t end = std::min(target.find('/', 1), target.size());
    segments.push_back(PercentDecode(target.substr(1, end - 1)));
    target.remove_prefix(end);
  }
  return segments;
}

TEST(MapPath, RandomSegmentsThenTheTargetParsesBackAndNoTwoShareOne) {
  std::mt19937_64 random(20'240'817);
  const std::string alphabet = "/%?#.&=+;:@!~ aZ0{}\"\\\xc3\xa9\xe2\x82\xac";
  std::map<std::string, Options> seen;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Options options = {"_matrix", "client"};
    const size_t count = 1 + random() % 4;
    for (size_t i = 0; i < count; ++i) {
      std::string segment;
      for (size_t length = 1 + random() % 6; length > 0; --length) {
        segment.push_back(alphabet[random() % alphabet.size()]);
      }
      options.push_back(segment);
    }
    const auto path = Map(options);
    if (!path) {
      EXPECT_NE(path.error().http_status, 404);
      continue;
    }
    ++accepted;
    EXPECT_EQ(Parse(path->target), options);
    EXPECT_EQ(path->target.find_first_of("?# \"\\{}"), std::string::npos);
    const auto [it, inserted] = seen.emplace(path->target, options);
    EXPECT_TRUE(inserted || it->second == options);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(MapPath, PathsThatAreAllowedBesidesThenByTheirBeginnings) {
  const auto target = [](std::vector<std::string_view> segments) {
    const auto path = MapPath(segments, EnumApi::kR0, "/_synapse/client/,/_x/");
    return path ? path->target : std::to_string(path.error().http_status);
  };
  EXPECT_EQ(target({"_synapse", "client", "pick_idp"}), "/_synapse/client/pick_idp");
  EXPECT_EQ(target({"_x", "y z"}), "/_x/y%20z");
  EXPECT_EQ(target({"_x", ""}), "/_x/");
  EXPECT_EQ(target({"_x"}), "404");
  EXPECT_EQ(target({"_synapse", "admin", "v1"}), "404");
  EXPECT_EQ(target({"_synapse/client", "x"}), "404");
  EXPECT_EQ(target({"_x", "..", "_synapse", "admin"}), "400");
}

}  // namespace
}  // namespace lowband::translator::mapping
