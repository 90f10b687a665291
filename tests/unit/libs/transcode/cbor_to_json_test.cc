#include <gtest/gtest.h>

#include <string>

#include "libs/transcode/key_table.h"
#include "tests/unit/libs/transcode/convert.h"

namespace lowband::transcode {
namespace {

std::string Response(std::string_view hex) { return Json(hex, Order::kSource, Rules::kResponse); }

TEST(CborToJson, EveryIntegerOfTheTableBecomesItsKey) {
  for (unsigned id = 1; id <= kKeyIdMax; ++id) {
    const Bytes cbor = id < 24 ? Bytes{0xa1, static_cast<uint8_t>(id), 0x00}
                               : Bytes{0xa1, 0x18, static_cast<uint8_t>(id), 0x00};
    EXPECT_EQ(Json(cbor), "{\"" + std::string(KeyName(id)) + "\":0}");
  }
}

TEST(CborToJson, IntegerKeysOutsideTheTableBecomeDecimalStrings) {
  EXPECT_EQ(Json("a1 00 01"), R"({"0":1})");
  EXPECT_EQ(Json("a1 1869 01"), R"({"105":1})");
  EXPECT_EQ(Json("a1 20 01"), R"({"-1":1})");
  EXPECT_EQ(Json("a1 1b001fffffffffffff 01"), R"({"9007199254740991":1})");
  EXPECT_EQ(Json("a1 3b001ffffffffffffe 01"), R"({"-9007199254740991":1})");
}

TEST(CborToJson, KeysInLongerFormsThanNeededAreTheSameKeys) {
  EXPECT_EQ(Json("a1 1802 01"), R"({"type":1})");
  EXPECT_EQ(Json("a1 1b0000000000000002 01"), R"({"type":1})");
  EXPECT_EQ(Json("a1 780474797065 01"), R"({"type":1})");
}

TEST(CborToJson, StringKeyWinsOverItsIntegerInAnyOrder) {
  EXPECT_EQ(Json("a2 02 6161 6474797065 6162"), R"({"type":"b"})");
  EXPECT_EQ(Json("a2 6474797065 6162 02 6161"), R"({"type":"b"})");
  // Outside the table as well, and whatever stands around it.
  EXPECT_EQ(Json("a2 1907d0 01 6432303030 02"), R"({"2000":2})");
  EXPECT_EQ(Json("a4 01 01 02 6161 6474797065 6162 03 02"),
            R"({"event_id":1,"type":"b","content":2})");
  EXPECT_EQ(Json("a4 01 01 6474797065 6162 03 02 02 6161"),
            R"({"event_id":1,"type":"b","content":2})");
  EXPECT_EQ(Json("a4 02 a1 02 01 01 01 686576656e745f6964 02 6474797065 03"),
            R"({"event_id":2,"type":3})");
}

TEST(CborToJson, DroppedMembersMayHoldDroppedMembers) {
  // {2: [{2: 1, "type": 2}], "type": {1: 3, "event_id": 4, 3: 5}}
  EXPECT_EQ(Json("a2 02 81 a2 02 01 6474797065 02 6474797065 a3 01 03 686576656e745f6964 04 03 05"),
            R"({"type":{"event_id":4,"content":5}})");
}

TEST(CborToJson, ValuesOfDroppedMembersAreCheckedToo) {
  EXPECT_EQ(Json("a2 6474797065 6162 02 40"), "! byte string at byte 9");
}

TEST(CborToJson, SameKeyTwiceInOneFormIsRefusedAtTheSecond) {
  EXPECT_EQ(Json("a2 6161 01 6161 02"), "! duplicate key at byte 4");
  EXPECT_EQ(Json("a2 02 01 02 02"), "! duplicate key at byte 3");
  EXPECT_EQ(Json("a2 02 01 1802 02"), "! duplicate key at byte 3");
  EXPECT_EQ(Json("a2 6474797065 01 6474797065 02"), "! duplicate key at byte 7");
  EXPECT_EQ(Json("a3 02 01 6474797065 02 02 03"), "! duplicate key at byte 9");
  EXPECT_EQ(Json("a2 1907d0 01 1907d0 02"), "! duplicate key at byte 5");
  EXPECT_EQ(Json("a2 60 01 60 02"), "! duplicate key at byte 3");
  EXPECT_EQ(Json("a2 6161 01 7f 6161 ff 02"), "! duplicate key at byte 4");
  EXPECT_EQ(Json("a2 c1 6161 01 6161 02"), "! duplicate key at byte 5");
  EXPECT_EQ(Json("a2 610a 01 610a 02"), "! duplicate key at byte 4");
}

TEST(CborToJson, SameKeyInDifferentMapsIsFine) {
  EXPECT_EQ(Json("82 a1 6161 01 a1 6161 02"), R"([{"a":1},{"a":2}])");
  EXPECT_EQ(Json("a1 6161 a1 6161 a1 6161 01"), R"({"a":{"a":{"a":1}}})");
}

TEST(CborToJson, DuplicateAmongManyKeysIsFound) {
  Bytes cbor = {0xb9, 0x03, 0xe9};  // 1001 entries
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key" + std::to_string(i);
    cbor.push_back(static_cast<uint8_t>(0x60 + key.size()));
    Append(cbor, AsBytes(key));
    cbor.push_back(0x01);
  }
  const size_t second = cbor.size();
  Append(cbor, FromHex("64 6b657937 02"));  // key7
  EXPECT_EQ(Json(cbor), "! duplicate key at byte " + std::to_string(second));
  cbor[second + 4] = 'z';
  EXPECT_EQ(Json(cbor).substr(0, 10), R"({"key0":1,)");
}

TEST(CborToJson, StringsThatLookLikeNumbersAreLiteral) {
  EXPECT_EQ(Json("a1 6132 01"), R"({"2":1})");
  EXPECT_EQ(Json("a2 02 01 6132 02"), R"({"type":1,"2":2})");
}

TEST(CborToJson, OnlyTextAndIntegersAreKeys) {
  for (const char* key : {"40", "80", "a0", "f4", "f6", "f93c00", "fb4000000000000000"}) {
    EXPECT_EQ(Json(std::string("a1") + key + "01"),
              "! key that is neither text nor integer at byte 1");
  }
}

TEST(CborToJson, IntegersAreWrittenInFull) {
  EXPECT_EQ(Json("86 00 17 1818 18ff 1903e8 1a000f4240"), "[0,23,24,255,1000,1000000]");
  EXPECT_EQ(Json("83 20 3863 3903e7"), "[-1,-100,-1000]");
  EXPECT_EQ(Json("1b001fffffffffffff"), "9007199254740991");
  EXPECT_EQ(Json("3b001ffffffffffffe"), "-9007199254740991");
}

TEST(CborToJson, IntegersBeyondFiftyThreeBitsStayExactInRequests) {
  EXPECT_EQ(Json("1b0020000000000000"), "9007199254740992");
  EXPECT_EQ(Json("1b0020000000000001"), "9007199254740993");
  EXPECT_EQ(Json("81 3b001fffffffffffff"), "[-9007199254740992]");
  EXPECT_EQ(Json("1bffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(Json("3bffffffffffffffff"), "-18446744073709551616");
  EXPECT_EQ(Json("a1 1b0020000000000000 01"), R"({"9007199254740992":1})");
  // Deployed clients write each number as a float: a whole one is the integer that it equals.
  EXPECT_EQ(Json("fb433fffffffffffff"), "9007199254740991");
  EXPECT_EQ(Json("fb4340000000000000"), "9007199254740992");
  EXPECT_EQ(Json("fb43abc16d674ec800"), "1000000000000000000");
  EXPECT_EQ(Json("fb43efffffffffffff"), "18446744073709549568");
  EXPECT_EQ(Json("fbc3e0000000000000"), "-9223372036854775808");
  EXPECT_EQ(Json("fa5f800000"), "18446744073709551616");
  EXPECT_EQ(Json("fb4480000000000000"), "9.44473296573929e+21");  // 2^73
}

TEST(CborToJson, AnyFiniteNumberPassesInResponses) {
  EXPECT_EQ(Response("1bffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(Response("3bfffffffffffffffe"), "-18446744073709551615");
  EXPECT_EQ(Response("3bffffffffffffffff"), "-18446744073709551616");
  EXPECT_EQ(Response("fb7e37e43c8800759c"), "1e+300");
  EXPECT_EQ(Response("f97e00"), "! NaN or infinity at byte 0");
}

TEST(CborToJson, IntegralFloatsBecomeIntegers) {
  EXPECT_EQ(Json("83 f93c00 fa447a0000 fb427795fd14a2b000"), "[1,1000,1620810222123]");
  EXPECT_EQ(Json("83 f98000 fa80000000 fb8000000000000000"), "[0,0,0]");
  EXPECT_EQ(Json("f9c400"), "-4");
  EXPECT_EQ(Json("f97bff"), "65504");
}

TEST(CborToJson, OtherFloatsAreShortestText) {
  EXPECT_EQ(Json("fb3fb999999999999a"), "0.1");
  EXPECT_EQ(Json("83 f93800 f9b800 f93e00"), "[0.5,-0.5,1.5]");
  EXPECT_EQ(Json("f90001"), "5.960464477539063e-08");
  EXPECT_EQ(Json("f90400"), "6.103515625e-05");
  EXPECT_EQ(Json("fa3dcccccd"), "0.10000000149011612");
  EXPECT_EQ(Json("fb0000000000000001"), "5e-324");
  EXPECT_EQ(Json("fbc010666666666666"), "-4.1");
}

TEST(CborToJson, NanAndInfinityAreRefused) {
  for (const char* value : {"f97e00", "f97c00", "f9fc00", "fa7fc00000", "fa7f800000", "faff800000",
                            "fb7ff8000000000000", "fb7ff0000000000000", "fbfff0000000000000"}) {
    EXPECT_EQ(Json(std::string("81") + value), "! NaN or infinity at byte 1");
  }
}

TEST(CborToJson, ByteStringsAreRefused) {
  EXPECT_EQ(Json("40"), "! byte string at byte 0");
  EXPECT_EQ(Json("82 01 43010203"), "! byte string at byte 2");
  EXPECT_EQ(Json("a1 02 5f 41 00 ff"), "! byte string at byte 2");
}

TEST(CborToJson, SimpleValues) {
  EXPECT_EQ(Json("83 f4 f5 f6"), "[false,true,null]");
  EXPECT_EQ(Json("81 f7"), "[null]");  // undefined
  for (const char* value : {"e0", "f3", "f820", "f814", "f8ff", "fc", "fd", "fe", "ff"}) {
    EXPECT_EQ(Json(std::string("81") + value), "! syntax error at byte 1");
  }
}

TEST(CborToJson, TagsAreSkipped) {
  EXPECT_EQ(Json("c1 1a514b67b0"), "1363896240");
  EXPECT_EQ(Json("d9d9f7 c0 a1 d820 02 d864 6161"), R"({"type":"a"})");
  EXPECT_EQ(Json("c1"), "! input cut off at byte 1");
  EXPECT_EQ(Json("d9d9"), "! input cut off at byte 0");
  EXPECT_EQ(Json("dc 00"), "! syntax error at byte 0");
  EXPECT_EQ(Json("c2 4101"), "! byte string at byte 1");  // a bignum is a byte string inside
}

TEST(CborToJson, IndefiniteLengthsAreAccepted) {
  EXPECT_EQ(Json("9f ff"), "[]");
  EXPECT_EQ(Json("bf ff"), "{}");
  EXPECT_EQ(Json("9f 01 82 02 03 9f 04 ff ff"), "[1,[2,3],[4]]");
  EXPECT_EQ(Json("bf 02 7f 6161 6162 ff 6161 bf ff ff"), R"({"type":"ab","a":{}})");
  EXPECT_EQ(Json("bf 7f 6474797065 ff 01 ff"), R"({"type":1})");
  EXPECT_EQ(Json("bf 7f 627479 627065 ff 01 ff"), R"({"type":1})");
  EXPECT_EQ(Json("7f ff"), R"("")");
}

TEST(CborToJson, IndefiniteStringsHoldDefiniteTextOnly) {
  EXPECT_EQ(Json("7f 4161 ff"), "! syntax error at byte 1");
  EXPECT_EQ(Json("7f 7f 6161 ff ff"), "! syntax error at byte 1");
  EXPECT_EQ(Json("7f 01 ff"), "! syntax error at byte 1");
  EXPECT_EQ(Json("7f 6161"), "! input cut off at byte 3");
  EXPECT_EQ(Json("7f c1 6161 ff"), "! syntax error at byte 1");
}

TEST(CborToJson, BreaksBelongToIndefiniteContainersBetweenItems) {
  EXPECT_EQ(Json("ff"), "! syntax error at byte 0");
  EXPECT_EQ(Json("81 ff"), "! syntax error at byte 1");
  EXPECT_EQ(Json("bf 02 ff"), "! syntax error at byte 2");
  EXPECT_EQ(Json("a1 ff 01"), "! key that is neither text nor integer at byte 1");
  EXPECT_EQ(Json("9f c1 ff"), "! syntax error at byte 2");
}

TEST(CborToJson, ReservedAdditionalInformationIsRefused) {
  for (const char* head : {"1c", "1d", "1e", "1f", "3c", "3f", "7c", "9d", "be", "dc", "df"}) {
    EXPECT_EQ(Json(std::string("81") + head + "00"), "! syntax error at byte 1") << head;
  }
}

TEST(CborToJson, TruncatedInputIsRefusedAtEveryLength) {
  const Bytes whole = FromHex(
      "a4 02 6161 181b 7f 6161 ff 08 1b00000179be96ddeb"
      "09 9f fb3fb999999999999a c1 82 f93800 fa3dcccccd 62c3a9 ff");
  ASSERT_EQ(Json(whole).substr(0, 1), "{");
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string json;
    EXPECT_FALSE(CborToJson(ByteView(whole).first(size), json)) << size;
  }
}

TEST(CborToJson, TruncationNamesTheItemThatIsCutOff) {
  EXPECT_EQ(Json(""), "! input cut off at byte 0");
  EXPECT_EQ(Json("a1 02"), "! input cut off at byte 0");  // a pair needs two bytes
  EXPECT_EQ(Json("bf 02"), "! input cut off at byte 2");
  EXPECT_EQ(Json("81 19 01"), "! input cut off at byte 1");
  EXPECT_EQ(Json("82 01 6361 61"), "! input cut off at byte 2");
  EXPECT_EQ(Json("9f 01"), "! input cut off at byte 2");
  EXPECT_EQ(Json("fb 3fb9"), "! input cut off at byte 0");
}

TEST(CborToJson, DeclaredLengthsBeyondTheInputAreRefusedAtTheirHead) {
  EXPECT_EQ(Json("9b 00000000ffffffff"), "! input cut off at byte 0");
  EXPECT_EQ(Json("9b ffffffffffffffff 00"), "! input cut off at byte 0");
  EXPECT_EQ(Json("bb 8000000000000000 0000"), "! input cut off at byte 0");
  EXPECT_EQ(Json("bb ffffffffffffffff 0000"), "! input cut off at byte 0");
  EXPECT_EQ(Json("7b ffffffffffffffff 61"), "! input cut off at byte 0");
  EXPECT_EQ(Json("81 a2 02 01 03"), "! input cut off at byte 1");
  EXPECT_EQ(Json("83 01 02"), "! input cut off at byte 0");
}

TEST(CborToJson, TrailingBytesAreRefused) {
  EXPECT_EQ(Json("a0 00"), "! trailing bytes at byte 1");
  EXPECT_EQ(Json("01 ff"), "! trailing bytes at byte 1");
  EXPECT_EQ(Json("6161 6162"), "! trailing bytes at byte 2");
}

TEST(CborToJson, InvalidUtf8IsRefusedWhereItBegins) {
  EXPECT_EQ(Json("a1 02 61ff"), "! invalid UTF-8 at byte 3");
  EXPECT_EQ(Json("64 61 c3a9 c3"), "! invalid UTF-8 at byte 4");
  EXPECT_EQ(Json("63 eda080"), "! invalid UTF-8 at byte 1");    // a surrogate
  EXPECT_EQ(Json("62 c080"), "! invalid UTF-8 at byte 1");      // overlong
  EXPECT_EQ(Json("64 f4908080"), "! invalid UTF-8 at byte 1");  // above U+10FFFF
  EXPECT_EQ(Json("a1 61ff 01"), "! invalid UTF-8 at byte 2");
  // Each chunk is UTF-8 by itself (RFC 8949 §3.2.3).
  EXPECT_EQ(Json("7f 61c3 61a9 ff"), "! invalid UTF-8 at byte 2");
  const std::string ascii(100, 'a');
  EXPECT_EQ(Json("7866" + ToHex(AsBytes(ascii)) + "80 61"), "! invalid UTF-8 at byte 102");
}

TEST(CborToJson, TextIsEscapedAsLittleAsPossible) {
  EXPECT_EQ(Json("66 22 5c 2f 08 0c 7f"), "\"\\\"\\\\/\\b\\f\x7f\"");
  EXPECT_EQ(Json("65 0a 0d 09 00 1f"), R"("\n\r\t\u0000\u001f")");
  EXPECT_EQ(Json("69 c3a9 e282ac f09f9880"), "\"é€😀\"");
  EXPECT_EQ(Json("63 e280a8"), "\"\u2028\"");
}

TEST(CborToJson, EscapesAreFoundAtEveryPlaceOfEveryLength) {
  for (size_t size = 1; size < 100; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\n';
      const size_t head = size < 24 ? 1 : 2;
      Bytes cbor = {static_cast<uint8_t>(size < 24 ? 0x60 + size : 0x78),
                    static_cast<uint8_t>(size)};
      cbor.resize(head);
      Append(cbor, AsBytes(text));
      ASSERT_EQ(Json(cbor),
                "\"" + std::string(at, 'x') + "\\n" + std::string(size - at - 1, 'x') + "\"");
    }
  }
}

TEST(CborToJson, OutputIsAppended) {
  std::string json = "x";
  ASSERT_TRUE(CborToJson(FromHex("a102 6161"), json));
  ASSERT_TRUE(CborToJson(FromHex("01"), json));
  EXPECT_EQ(json, R"(x{"type":"a"}1)");
}

}  // namespace
}  // namespace lowband::transcode
