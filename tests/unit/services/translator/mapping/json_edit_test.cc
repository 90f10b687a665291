#include "services/translator/mapping/json_edit.h"

#include <gtest/gtest.h>

namespace lowband::translator::mapping {
namespace {

std::string With(std::string json, std::string_view key, std::string_view value) {
  return SetMember(json, key, value) ? json : "no";
}

std::string Replaced(std::string json) {
  return ReplaceString(json, {"m.homeserver", "base_url"}, "https://new") ? json : "no";
}

TEST(JsonEdit, FirstCharacterThenObjectOrDocument) {
  EXPECT_TRUE(IsJsonObject(" \r\n\t{}"));
  EXPECT_FALSE(IsJsonObject("[]"));
  EXPECT_FALSE(IsJsonObject(""));
  EXPECT_FALSE(IsJsonObject("<html>{"));
  EXPECT_TRUE(LooksLikeJson(" []"));
  EXPECT_TRUE(LooksLikeJson("{"));
  EXPECT_FALSE(LooksLikeJson("\"text\""));
}

TEST(JsonEdit, MemberOfTheOutermostObjectThenItsValue) {
  const std::string json = R"({"a":{"errcode":"inner"},"errcode":"M_X\u0041","n":12,"f":1.5})";
  EXPECT_EQ(StringMember(json, "errcode"), "M_XA");
  EXPECT_EQ(StringMember(json, "n"), std::nullopt);
  EXPECT_EQ(UintMember(json, "n"), 12u);
  EXPECT_EQ(UintMember(json, "f"), std::nullopt);
  EXPECT_EQ(UintMember(R"({"n":-1})", "n"), std::nullopt);
  EXPECT_EQ(StringMember(json, "absent"), std::nullopt);
  EXPECT_EQ(StringMember("[\"errcode\"]", "errcode"), std::nullopt);
  EXPECT_EQ(StringMember("", "errcode"), std::nullopt);
  EXPECT_EQ(StringMember("{\"errcode\":\"cut", "errcode"), std::nullopt);
}

TEST(JsonEdit, NewMemberThenItIsTheLastAndTheRestKeepsItsBytes) {
  EXPECT_EQ(With("{}", "k", "1"), R"({"k":1})");
  EXPECT_EQ(With(" { \n} ", "k", "1"), " {\"k\":1 \n} ");
  EXPECT_EQ(With(R"({"a" : 1.50, "b":[ 1e3 ]  } )", "k", "{}"),
            R"({"a" : 1.50, "b":[ 1e3 ],"k":{}  } )");
}

TEST(JsonEdit, PresentMemberThenItsValueIsReplaced) {
  EXPECT_EQ(With(R"({"k": {"old":[1,2]} ,"b":2})", "k", "9"), R"({"k": 9 ,"b":2})");
  EXPECT_EQ(With(R"({"k":"s" })", "k", "9"), R"({"k":9 })");
  EXPECT_EQ(With(R"({"k":12.5})", "k", "9"), R"({"k":9})");
}

TEST(JsonEdit, NoObjectThenNothingIsSet) {
  for (const char* json : {"", "  ", "[]", "[{}]", "null", "\"{}\"", "{\"a\":1"}) {
    EXPECT_EQ(With(json, "k", "1"), "no") << json;
  }
}

TEST(JsonEdit, StringAtAPathThenOnlyItIsReplaced) {
  EXPECT_EQ(
      Replaced(R"({"base_url":"a", "m.homeserver" : { "x":1.0,"base_url": "old\"}" , "y":2 }})"),
      R"({"base_url":"a", "m.homeserver" : { "x":1.0,"base_url": "https://new" , "y":2 }})");
}

TEST(JsonEdit, PathMissingOrNoStringThenNothingIsReplaced) {
  for (const char* json :
       {R"({})", R"({"m.homeserver":{}})", R"({"m.homeserver":"x"})", R"({"m.homeserver":null})",
        R"({"m.homeserver":{"base_url":7}})", R"({"m.homeserver":{"base_url":null}})",
        R"([{"m.homeserver":{"base_url":"x"}}])", R"({"m.homeserver":{"base_url":"x)", ""}) {
    EXPECT_EQ(Replaced(json), "no") << json;
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
