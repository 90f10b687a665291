#include "libs/transcode/error_body.h"

#include <gtest/gtest.h>

#include "tests/unit/libs/transcode/convert.h"

namespace lowband::transcode {
namespace {

TEST(ErrorBody, CborHasIntegerOrStringKeys) {
  EXPECT_EQ(ToHex(CborErrorBody("M_UNKNOWN", "something", KeyTable::kV1)),
            "a21866694d5f554e4b4e4f574e186769736f6d657468696e67");
  EXPECT_EQ(Json(CborErrorBody("M_UNKNOWN", "something", KeyTable::kStrings)),
            R"({"errcode":"M_UNKNOWN","error":"something"})");
}

TEST(ErrorBody, JsonIsTheSameDocument) {
  const Bytes json = JsonErrorBody("M_UNKNOWN", "a \"b\"\n\x01 é");
  EXPECT_EQ(AsText(json), "{\"errcode\":\"M_UNKNOWN\",\"error\":\"a \\\"b\\\"\\n\\u0001 é\"}");
  EXPECT_EQ(Json(CborErrorBody("M_UNKNOWN", "a \"b\"\n\x01 é", KeyTable::kV1)), AsText(json));
}

TEST(ErrorBody, LongTextsAreWhole) {
  for (size_t size : {0, 23, 24, 255, 256, 70000}) {
    const std::string text(size, 'x');
    EXPECT_EQ(Json(CborErrorBody("M", text, KeyTable::kV1)),
              R"({"errcode":"M","error":")" + text + "\"}");
  }
}

TEST(ErrorBody, WhatIsNotUtf8IsCutOff) {
  EXPECT_EQ(Json(CborErrorBody("M\xff", "a\xc3", KeyTable::kV1)), R"({"errcode":"M","error":"a"})");
  EXPECT_EQ(AsText(JsonErrorBody("M", "é\xff tail")), R"({"errcode":"M","error":"é"})");
}

TEST(Error, TextNamesCauseAndPlace) {
  EXPECT_EQ((Error{Cause::kByteString, 12}.Text()), "byte string at byte 12");
}

}  // namespace
}  // namespace lowband::transcode
