#include <gtest/gtest.h>

#include <string>

#include "libs/transcode/key_table.h"
#include "libs/transcode/limits.h"
#include "tests/unit/libs/transcode/convert.h"

namespace lowband::transcode {
namespace {

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

TEST(JsonToCbor, EveryKeyOfTheTableBecomesItsInteger) {
  for (unsigned id = 1; id <= kKeyIdMax; ++id) {
    const Bytes cbor = id < 24 ? Bytes{0xa1, static_cast<uint8_t>(id), 0xf6}
                               : Bytes{0xa1, 0x18, static_cast<uint8_t>(id), 0xf6};
    EXPECT_EQ(Cbor("{" + Quoted(KeyName(id)) + ":null}"), ToHex(cbor));
  }
}

TEST(JsonToCbor, KeysNearTheTableStayStrings) {
  for (unsigned id = 1; id <= kKeyIdMax; ++id) {
    const std::string name(KeyName(id));
    for (const std::string& key :
         {name + "x", "x" + name, name.substr(1) + "-", "-" + name.substr(1),
          name.substr(0, name.size() / 2) + "\x7f" + name.substr(name.size() / 2 + 1)}) {
      const std::string hex = Cbor("{" + Quoted(key) + ":null}");
      EXPECT_NE(hex.find(ToHex(AsBytes(key))), std::string::npos) << key;
    }
  }
}

TEST(JsonToCbor, ValuesAndTableVersionZeroKeepStrings) {
  EXPECT_EQ(Cbor(R"({"type":"type"})"), "a1026474797065");
  EXPECT_EQ(Cbor(R"({"type":"type"})", KeyTable::kStrings), "a164747970656474797065");
  EXPECT_EQ(Cbor(R"({"2":1})"), "a1613201");
  EXPECT_EQ(Cbor(R"(["type"])"), "816474797065");
}

TEST(JsonToCbor, KeysWrittenWithEscapesAreTheSameKeys) {
  EXPECT_EQ(Cbor(R"({"ty\u0070e":1})"), "a10201");
  EXPECT_EQ(Cbor(R"({"ty\u0070e":1})", KeyTable::kStrings), "a1647479706501");
  EXPECT_EQ(Cbor(R"({"a\nb":1})"), "a163610a6201");
}

TEST(JsonToCbor, IntegersAreShortest) {
  EXPECT_EQ(Cbor("[0,23,24,255,256,65535,65536,4294967295,4294967296]"),
            "89001718"
            "1818ff19010019ffff1a000100001affffffff1b0000000100000000");
  EXPECT_EQ(Cbor("[-1,-24,-25,-256,-257,-65537]"), "862037381838ff3901003a00010000");
  EXPECT_EQ(Cbor("1620810222123"), "1b000001795fd14a2b");
  EXPECT_EQ(Cbor("-0"), "00");
}

TEST(JsonToCbor, IntegersOfSixtyFourBitsStayExact) {
  EXPECT_EQ(Cbor("9007199254740993"), "1b0020000000000001");
  EXPECT_EQ(Cbor("18446744073709551615"), "1bffffffffffffffff");
  EXPECT_EQ(Cbor("-9223372036854775808"), "3b7fffffffffffffff");
  EXPECT_EQ(Cbor("-9223372036854775807"), "3b7ffffffffffffffe");
  EXPECT_EQ(Cbor("-1000000000000000000"), "3b0de0b6b3a763ffff");
}

TEST(JsonToCbor, IntegersBelowSixtyFourSignedBitsBecomeFloats) {
  // Deployed clients refuse a whole document for one of them.
  EXPECT_EQ(Cbor("-9223372036854775809"), "fadf000000");
  EXPECT_EQ(Cbor("-9999999999999999999"), "fbc3e158e460913d00");
  EXPECT_EQ(Cbor("-18446744073709551615"), "fadf800000");
}

TEST(JsonToCbor, LargerNumbersBecomeTheNearestFloat) {
  EXPECT_EQ(Cbor("18446744073709551616"), "fa5f800000");  // 2^64
  EXPECT_EQ(Cbor("-18446744073709551616"), "fadf800000");
  EXPECT_EQ(Cbor("100000000000000000000001"), "fb44b52d02c7e14af7");
  EXPECT_EQ(Cbor("1e300"), "fb7e37e43c8800759c");
  EXPECT_EQ(Cbor("12345678901234567890123"), "fb4484ea15b273b38a");
}

TEST(JsonToCbor, NumbersNoFloatReachesBecomeTheLargestOrZero) {
  EXPECT_EQ(Cbor("1e400"), "fb7fefffffffffffff");
  EXPECT_EQ(Cbor("-1e400"), "fbffefffffffffffff");
  EXPECT_EQ(Cbor("-0.1e999999999999999999999"), "fbffefffffffffffff");
  EXPECT_EQ(Cbor("1" + std::string(400, '0')), "fb7fefffffffffffff");
  EXPECT_EQ(Cbor("1" + std::string(400, '0') + "e-400"), "01");
  EXPECT_EQ(Cbor("1e-400"), "00");
  EXPECT_EQ(Cbor("-0." + std::string(400, '0') + "1"), "00");
  EXPECT_EQ(Cbor("0." + std::string(400, '0') + "1e401"), "01");
  EXPECT_EQ(Cbor("0." + std::string(400, '0') + "1e999"), "fb7fefffffffffffff");
  EXPECT_EQ(Cbor("0e99999"), "00");
}

TEST(JsonToCbor, WholeFloatsBecomeIntegers) {
  EXPECT_EQ(Cbor("[1.0,1e3,-2.5e1,0.0,-0.0,1E+2,120e-1]"),
            "870119"
            "03e8"
            "3818"
            "0000"
            "1864"
            "0c");
  EXPECT_EQ(Cbor("9007199254740991.0"), "1b001fffffffffffff");
  EXPECT_EQ(Cbor("9007199254740992.0"), "fa5a000000");
}

TEST(JsonToCbor, OtherFloatsAreTheShortestExactForm) {
  EXPECT_EQ(Cbor("0.5"), "f93800");
  EXPECT_EQ(Cbor("-1.5"), "f9be00");
  EXPECT_EQ(Cbor("0.1"), "fb3fb999999999999a");
  EXPECT_EQ(Cbor("0.10000000149011612"), "fa3dcccccd");
  EXPECT_EQ(Cbor("5.960464477539063e-8"), "f90001");       // smallest half
  EXPECT_EQ(Cbor("6.097555160522461e-5"), "f903ff");       // largest subnormal half
  EXPECT_EQ(Cbor("6.103515625e-5"), "f90400");             // smallest normal half
  EXPECT_EQ(Cbor("2.9802322387695312e-8"), "fa33000000");  // half of the smallest half
  EXPECT_EQ(Cbor("1023.5"), "f963ff");
  EXPECT_EQ(Cbor("2047.5"), "fa44fff000");  // 12 bits: one too many for a half
  EXPECT_EQ(Cbor("65504.5"), "fa477fe080");
  EXPECT_EQ(Cbor("5e-324"), "fb0000000000000001");
}

TEST(JsonToCbor, LiteralsAndWhitespace) {
  EXPECT_EQ(Cbor(" [ true , false\t,\r\nnull ] \n"), "83f5f4f6");
  EXPECT_EQ(Cbor(" { \"a\" : { } , \"b\" : [ ] } "), "a26161a0616280");
}

std::string TextHead(size_t size) {
  const auto byte = [&](int shift) { return static_cast<uint8_t>(size >> shift); };
  if (size < 24) return ToHex(Bytes{static_cast<uint8_t>(0x60 + size)});
  if (size < 256) return ToHex(Bytes{0x78, byte(0)});
  if (size < 65536) return ToHex(Bytes{0x79, byte(8), byte(0)});
  return ToHex(Bytes{0x7a, byte(24), byte(16), byte(8), byte(0)});
}

TEST(JsonToCbor, StringHeadsFitTheirLength) {
  for (size_t size :
       {0, 1, 15, 16, 17, 22, 23, 24, 31, 32, 33, 254, 255, 256, 65534, 65535, 65536}) {
    const std::string text(size, 'x');
    const std::string hex = ToHex(AsBytes(text));
    EXPECT_EQ(Cbor(Quoted(text)), TextHead(size) + hex) << size;
    EXPECT_EQ(Cbor(Quoted("\\n" + text)), TextHead(size + 1) + "0a" + hex) << size;
    EXPECT_EQ(Cbor("{" + Quoted(text) + ":0}"), "a1" + TextHead(size) + hex + "00") << size;
    EXPECT_EQ(Cbor("{" + Quoted(text + "\\n") + ":0}"), "a1" + TextHead(size + 1) + hex + "0a00");
  }
}

TEST(JsonToCbor, EscapesAreDecoded) {
  EXPECT_EQ(Cbor(R"("\"\\\/\b\f\n\r\t")"), "68225c2f080c0a0d09");
  EXPECT_EQ(Cbor(R"("\u0041\u00e9\u20AC\ud83d\uDE00\u0000")"), "6b41c3a9e282acf09f988000");
  // 24 escaped characters need a longer head, 4 decoded ones a short one.
  EXPECT_EQ(Cbor(R"("\u0061\u0061\u0061\u0061")"), "6461616161");
}

TEST(JsonToCbor, EscapesAreFoundAtEveryPlaceOfEveryLength) {
  for (size_t size = 1; size < 100; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string json(size, 'x');
      json.replace(at, 1, "\\n");
      std::string text(size, 'x');
      text[at] = '\n';
      ASSERT_EQ(Cbor(Quoted(json)).substr(size < 24 ? 2 : 4), ToHex(AsBytes(text)));
    }
  }
}

TEST(JsonToCbor, LoneSurrogatesBecomeReplacementCharacters) {
  EXPECT_EQ(Cbor(R"("\ud800")"), "63efbfbd");
  EXPECT_EQ(Cbor(R"("\udc00")"), "63efbfbd");
  EXPECT_EQ(Cbor(R"("\ud800x")"), "64efbfbd78");
  EXPECT_EQ(Cbor(R"("\ud800\n")"), "64efbfbd0a");
  EXPECT_EQ(Cbor(R"("\ud800\u0041")"), "64efbfbd41");
  EXPECT_EQ(Cbor(R"("\ud800\ud83d\ude00")"), "67efbfbdf09f9880");
  EXPECT_EQ(Cbor(R"("\ude00\ud83d")"), "66efbfbdefbfbd");
}

TEST(JsonToCbor, BadEscapesAreRefusedWhereTheyGoWrong) {
  EXPECT_EQ(Cbor(R"("a\x")"), "! syntax error at byte 3");
  EXPECT_EQ(Cbor(R"("\u12g4")"), "! syntax error at byte 5");
  EXPECT_EQ(Cbor(R"("\u12")"), "! syntax error at byte 5");
  EXPECT_EQ(Cbor(R"("\ud800\u12")"), "! syntax error at byte 11");
  EXPECT_EQ(Cbor(R"({"\q":1})"), "! syntax error at byte 3");
  EXPECT_EQ(Cbor("\"\\\n\""), "! syntax error at byte 2");
}

TEST(JsonToCbor, ControlCharactersMustBeEscaped) {
  EXPECT_EQ(Cbor("\"a\nb\""), "! syntax error at byte 2");
  EXPECT_EQ(Cbor(std::string_view("\"\0\"", 3)), "! syntax error at byte 1");
  EXPECT_EQ(Cbor("\"\\n\x1f\""), "! syntax error at byte 3");
  EXPECT_EQ(Cbor("{\"\t\":1}"), "! syntax error at byte 2");
  EXPECT_EQ(Cbor("\"\x7f\""), "617f");
}

TEST(JsonToCbor, InvalidUtf8IsRefusedWhereItBegins) {
  EXPECT_EQ(Cbor("\"a\xff\""), "! invalid UTF-8 at byte 2");
  EXPECT_EQ(Cbor("\"\xed\xa0\x80\""), "! invalid UTF-8 at byte 1");
  EXPECT_EQ(Cbor("{\"\xc3\xa9\xc3\":1}"), "! invalid UTF-8 at byte 4");
}

TEST(JsonToCbor, MalformedDocumentsAreRefusedWhereTheyGoWrong) {
  const struct {
    const char* json;
    size_t offset;
  } cases[] = {
      {"]", 0},     {"}", 0},          {"[1,]", 3},    {"[,1]", 1},
      {"[1 2]", 3}, {"{,}", 1},        {"{\"a\"}", 4}, {"{\"a\":}", 5},
      {"{1:2}", 1}, {"{\"a\":1,}", 7}, {"[1}", 2},     {"{\"a\":1]", 6},
      {"tru!", 3},  {"nUll", 1},       {"falsE", 4},   {"01", 1},
      {"-01", 2},   {"+1", 0},         {".5", 0},      {"1.x", 2},
      {"1e+x", 3},  {"-x", 1},         {"0x10", 1},    {"\xef\xbb\xbf[]", 0},
      {"'a'", 0},   {"[1,/**/2]", 3},  {"\v1", 0},     {"{\"a\" 1}", 5},
  };
  for (const auto& c : cases) {
    const std::string text = Cbor(c.json);
    const bool trailing = std::string_view(c.json) == "0x10";
    EXPECT_EQ(text, (trailing ? "! trailing bytes at byte " : "! syntax error at byte ") +
                        std::to_string(c.offset))
        << c.json;
  }
}

TEST(JsonToCbor, TruncatedInputIsRefusedAtEveryLength) {
  const std::string whole =
      R"({"type":[1,-2.5e-3,true,false,null,"a\n\u00e9\ud83d\ude00é"],"x":{"y":{}},"z":"....................."})";
  ASSERT_NE(Cbor(whole)[0], '!');
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string text = Cbor(std::string_view(whole).substr(0, size));
    const bool cut_character = whole[size] == '\xa9';
    EXPECT_EQ(text, cut_character ? "! invalid UTF-8 at byte " + std::to_string(size - 1)
                                  : "! input cut off at byte " + std::to_string(size));
  }
}

TEST(JsonToCbor, TrailingBytesAreRefused) {
  EXPECT_EQ(Cbor("{} {}"), "! trailing bytes at byte 3");
  EXPECT_EQ(Cbor("1,"), "! trailing bytes at byte 1");
  EXPECT_EQ(Cbor("[]]"), "! trailing bytes at byte 2");
}

TEST(JsonToCbor, OfEqualKeysTheLastOneStays) {
  EXPECT_EQ(Cbor(R"({"a":1,"a":2})"), "a1616102");
  EXPECT_EQ(Cbor(R"({"type":1,"b":2,"type":3})"), "a26162020203");
  EXPECT_EQ(Cbor(R"({"a":1,"\u0061":2})"), "a1616102");
  EXPECT_EQ(Cbor(R"({"a":1,"a":2,"a":3,"b":4})"),
            "a26161036162"
            "04");
  EXPECT_EQ(Cbor(R"({"a":{"b":1,"b":2},"a":{"c":1,"c":[3]}})"),
            "a16161a1616381"
            "03");
  EXPECT_EQ(Cbor(R"([{"a":1},{"a":1}])"), "82a1616101a1616101");
}

TEST(JsonToCbor, ReplacedEntriesCountForNothing) {
  // 24 entries of which one is replaced: a head of one byte. Long arrays stand inside the entry
  // that is dropped, before it and behind it.
  const std::string array = "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]";
  const std::string array_hex = "9818" + std::string(48, '0');
  std::string json = "{\"first\":" + array + ",\"a\":[" + array + "],\"last\":" + array;
  for (int i = 0; i < 20; ++i) json += ",\"k" + std::to_string(i + 10) + "\":0";
  json += ",\"a\":1}";
  const std::string hex = Cbor(json);
  EXPECT_EQ(hex.substr(0, 2), "b7");
  EXPECT_EQ(hex.substr(2, 12 + array_hex.size()), "656669727374" + array_hex);
  EXPECT_EQ(hex.substr(14 + array_hex.size(), 10 + array_hex.size()), "646c617374" + array_hex);
  EXPECT_EQ(hex.substr(hex.size() - 6), "616101");
  EXPECT_EQ(Json(ByteView(FromHex(hex))).substr(0, 11), R"({"first":[0)");
}

TEST(JsonToCbor, LongContainersGetLongHeads) {
  for (size_t count : {22, 23, 24, 25, 255, 256, 257, 65535, 65536}) {
    std::string json = "[[";
    for (size_t i = 0; i < count; ++i) json += i == 0 ? "1" : ",1";
    json += "],{";
    for (size_t i = 0; i < count; ++i) json += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":2";
    json += "}]";
    Bytes cbor;
    ASSERT_TRUE(JsonToCbor(json, cbor));
    std::string back;
    ASSERT_TRUE(CborToJson(cbor, back));
    EXPECT_EQ(back, json);
    const uint8_t expected = count < 24      ? static_cast<uint8_t>(0x80 + count)
                             : count < 256   ? 0x98
                             : count < 65536 ? 0x99
                                             : 0x9a;
    EXPECT_EQ(cbor[1], expected);
  }
}

TEST(JsonToCbor, OutputIsAppended) {
  Bytes cbor = {0x01};
  ASSERT_TRUE(JsonToCbor(R"({"type":"a"})", cbor));
  ASSERT_TRUE(JsonToCbor("[1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1,1.1]", cbor));
  EXPECT_EQ(ToHex(cbor).substr(0, 34), "01a10261618ffb3ff199999999999afb3f");
  EXPECT_EQ(cbor.size(), 1 + 4 + 1 + 15 * 9);
}

TEST(JsonToCbor, ErrorsLeaveTheOutputAlone) {
  Bytes cbor = {0x01};
  EXPECT_FALSE(JsonToCbor(R"({"type":"a")", cbor));
  EXPECT_FALSE(JsonToCbor("\"\xff\"", cbor));
  EXPECT_EQ(ToHex(cbor), "01");
}

}  // namespace
}  // namespace lowband::transcode
