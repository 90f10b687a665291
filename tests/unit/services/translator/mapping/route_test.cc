#include "services/translator/mapping/route.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "libs/transcode/path_table.h"

namespace lowband::translator::mapping {
namespace {

using Segments = std::vector<std::string_view>;

TEST(Route, EveryRowOfTheTableThenOneRouteInItsOrder) {
  size_t index = 0;
  for (const transcode::PathRow& row : transcode::PathTable()) {
    EXPECT_EQ(RouteOfCode(row.code), static_cast<Route>(index++));
  }
  EXPECT_EQ(index, kTableRouteCount);
  EXPECT_EQ(RouteOfCode('v'), std::nullopt);
  EXPECT_EQ(RouteOfCode('/'), std::nullopt);
}

TEST(Route, LiteralFormOfEveryRowThenTheSameRouteInEachVersion) {
  for (const transcode::PathRow& row : transcode::PathTable()) {
    for (const std::string_view version : {"r0", "v3"}) {
      Segments segments;
      for (const std::string_view part : row.segments) {
        segments.push_back(part == "r0" ? version : part.starts_with('{') ? "x" : part);
      }
      EXPECT_EQ(RouteOfPath(segments), RouteOfCode(row.code)) << row.code << version;
      segments.push_back("");  // a trailing slash
      EXPECT_EQ(RouteOfPath(segments), RouteOfCode(row.code)) << row.code << version;
    }
  }
}

TEST(Route, PathsWithoutARowThenTheirOwnRoutes) {
  EXPECT_EQ(RouteOfPath(Segments{".well-known", "matrix", "client"}), Route::kWellKnownClient);
  EXPECT_EQ(RouteOfPath(Segments{".well-known", "matrix", "server"}), Route::kWellKnown);
  EXPECT_EQ(RouteOfPath(Segments{".well-known", "matrix", "client", "x"}), Route::kWellKnown);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "key", "v2", "server"}), Route::kServerKeys);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "client", "r0", "events"}), Route::kEvents);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "client", "v4", "sync"}), Route::kSlidingSync);
  EXPECT_EQ(RouteOfPath(
                Segments{"_matrix", "client", "unstable", "org.matrix.simplified_msc3575", "sync"}),
            Route::kSlidingSync);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "client", "v9", "sync"}), Route::kOther);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "client", "r0", "sync", "x"}), Route::kOther);
  EXPECT_EQ(RouteOfPath(Segments{"_matrix", "client"}), Route::kOther);
  EXPECT_EQ(RouteOfPath(Segments{}), Route::kOther);
}

TEST(Route, EveryRouteThenALabelOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kRouteCount; ++i) {
    const std::string_view name = Text(static_cast<Route>(i));
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), kRouteCount);
}

TEST(Route, PostThenTheApisThatHaveOne) {
  std::string codes;
  for (const transcode::PathRow& row : transcode::PathTable()) {
    if (HasPost(*RouteOfCode(row.code))) codes.push_back(row.code);
  }
  EXPECT_EQ(codes, "1345GJKLMNOPQSTZafghilou");
  EXPECT_TRUE(HasPost(Route::kSlidingSync));
  EXPECT_FALSE(HasPost(Route::kOther));
}

TEST(Route, TokenThenTheApisThatAreRefusedWithoutOne) {
  const auto without = [](HttpMethod method) {
    std::string codes;
    for (const transcode::PathRow& row : transcode::PathTable()) {
      if (!NeedsToken(*RouteOfCode(row.code), method)) codes.push_back(row.code);
    }
    return codes;
  };
  EXPECT_EQ(without(HttpMethod::kGet), "014HRSUVW");
  for (const HttpMethod method : {HttpMethod::kPost, HttpMethod::kPut, HttpMethod::kDelete}) {
    EXPECT_EQ(without(method), "014");
  }
  EXPECT_TRUE(NeedsToken(Route::kEvents, HttpMethod::kGet));
  EXPECT_TRUE(NeedsToken(Route::kSlidingSync, HttpMethod::kPost));
  for (size_t i = static_cast<size_t>(Route::kWellKnownClient); i < kRouteCount; ++i) {
    EXPECT_FALSE(NeedsToken(static_cast<Route>(i), HttpMethod::kPost)) << "what is not known";
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
