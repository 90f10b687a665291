#include "libs/coap/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace lowband::coap {
namespace {

Bytes FromHex(std::string_view hex) {
  Bytes out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

std::optional<ParseError> ErrorOf(std::string_view hex) {
  const Bytes datagram = FromHex(hex);
  const auto parsed = Parse(datagram);
  if (parsed) return std::nullopt;
  return parsed.error();
}

TEST(Message, ReadsHeaderTokenOptionsAndPayload) {
  // CON GET 0x7d34, token 71a2, Uri-Path "a", Uri-Path "bc", Uri-Query "x", payload "hi"
  const Bytes datagram = FromHex("42017d3471a2b1610262634178ff6869");
  const auto parsed = Parse(datagram);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->type, Type::kConfirmable);
  EXPECT_EQ(parsed->code, kGet);
  EXPECT_EQ(parsed->message_id, 0x7d34);
  EXPECT_EQ(ToHex(parsed->token.view()), "71a2");
  ASSERT_EQ(parsed->options().size(), 3u);
  EXPECT_EQ(parsed->options()[0].number, 11);
  EXPECT_EQ(AsText(parsed->options()[1].value), "bc");
  EXPECT_EQ(parsed->options()[2].number, 15);
  EXPECT_EQ(AsText(parsed->payload), "hi");
}

TEST(Message, FindGivesTheFirstOfAnOption) {
  const Bytes datagram = FromHex("40010000b1610162");
  const auto parsed = Parse(datagram);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(AsText(*parsed->Find(OptionNumber::kUriPath)), "a");
  EXPECT_FALSE(parsed->Has(OptionNumber::kUriQuery));
}

TEST(Message, FindUintReadsUpToFourBytes) {
  Bytes datagram = MessageWriter(Type::kConfirmable, kGet, 1, Token())
                       .OptionUint(OptionNumber::kContentFormat, 0)
                       .OptionUint(OptionNumber::kAccept, 60)
                       .OptionUint(OptionNumber::kSize1, 0xffffffff)
                       .Option(OptionNumber::kHttpStatus, FromHex("0000000001"))
                       .Finish();
  const auto parsed = Parse(datagram);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->FindUint(OptionNumber::kContentFormat), 0u);
  EXPECT_EQ(parsed->Find(OptionNumber::kContentFormat)->size(), 0u);
  EXPECT_EQ(parsed->FindUint(OptionNumber::kAccept), 60u);
  EXPECT_EQ(parsed->FindUint(OptionNumber::kSize1), 0xffffffffu);
  EXPECT_EQ(parsed->FindUint(OptionNumber::kHttpStatus), std::nullopt);
  EXPECT_EQ(parsed->FindUint(OptionNumber::kSize2), std::nullopt);
}

TEST(Message, BadDatagramsAreNamed) {
  EXPECT_EQ(ErrorOf(""), ParseError::kTooShort);
  EXPECT_EQ(ErrorOf("400100"), ParseError::kTooShort);
  EXPECT_EQ(ErrorOf("00010000"), ParseError::kVersion);
  EXPECT_EQ(ErrorOf("c0010000"), ParseError::kVersion);
  EXPECT_EQ(ErrorOf("4f010000"), ParseError::kTokenLength);
  EXPECT_EQ(ErrorOf("4e0100000000"), ParseError::kTokenLength);
  EXPECT_EQ(ErrorOf("4d010000"), ParseError::kTokenLength);    // its length byte is missing
  EXPECT_EQ(ErrorOf("4d01000020"), ParseError::kTokenLength);  // 45 bytes
  EXPECT_EQ(ErrorOf("42010000aa"), ParseError::kTruncated);
  EXPECT_EQ(ErrorOf("40010000b261"), ParseError::kOption);  // the value ends early
  EXPECT_EQ(ErrorOf("40010000f0"), ParseError::kOption);    // delta 15
  EXPECT_EQ(ErrorOf("400100000f"), ParseError::kOption);    // length 15
  EXPECT_EQ(ErrorOf("40010000d0"), ParseError::kOption);    // the extended delta is missing
  EXPECT_EQ(ErrorOf("40010000e000"), ParseError::kOption);
  EXPECT_EQ(ErrorOf("400100000d"), ParseError::kOption);
  EXPECT_EQ(ErrorOf("400100000eff"), ParseError::kOption);
  EXPECT_EQ(ErrorOf("40010000e0feff10"), ParseError::kOption);  // beyond 65535
  EXPECT_EQ(ErrorOf("40010000ff"), ParseError::kEmptyPayload);
  EXPECT_EQ(ErrorOf("40000000ff61"), ParseError::kNotEmpty);
  EXPECT_EQ(ErrorOf("41000000aa"), ParseError::kNotEmpty);
  EXPECT_EQ(ErrorOf("4000000010"), ParseError::kNotEmpty);
}

TEST(Message, EveryErrorHasAText) {
  for (const ParseError error :
       {ParseError::kTooShort, ParseError::kVersion, ParseError::kTokenLength,
        ParseError::kTruncated, ParseError::kOption, ParseError::kEmptyPayload,
        ParseError::kNotEmpty}) {
    EXPECT_FALSE(Text(error).empty());
  }
}

TEST(Message, EnvelopeIsReadFromWhatDoesNotParse) {
  const auto envelope = ParseEnvelope(FromHex("5f01abcd"));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->type, Type::kNonConfirmable);
  EXPECT_EQ(envelope->message_id, 0xabcd);
  EXPECT_FALSE(ParseEnvelope(FromHex("4001ab")));
  EXPECT_FALSE(ParseEnvelope(FromHex("8001abcd")));
}

TEST(Message, SurplusOptionsAreLeftOutAndTold) {
  for (const size_t count : {kOptionsMax, kOptionsMax + 1, size_t{500}}) {
    MessageWriter writer(Type::kConfirmable, kGet, 1, Token());
    for (size_t i = 0; i < count; ++i) writer.Option(OptionNumber::kUriPath, AsBytes("ab"));
    const Bytes datagram = std::move(writer).Finish(AsBytes("payload"));
    const auto parsed = Parse(datagram);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->options().size(), std::min(count, kOptionsMax));
    EXPECT_EQ(parsed->has_surplus_options(), count > kOptionsMax);
    EXPECT_EQ(AsText(parsed->payload), "payload");
  }
}

TEST(Message, TokensOfEveryLengthSurvive) {
  for (size_t length = 0; length <= kTokenBytesMax; ++length) {
    Bytes raw(length);
    for (size_t i = 0; i < length; ++i) raw[i] = static_cast<uint8_t>(i + 1);
    const Bytes datagram =
        MessageWriter(Type::kAcknowledgement, kContent, 7, Token(raw)).Finish(AsBytes("x"));
    // RFC 8974 §2.1: one more byte from 13 on.
    EXPECT_EQ(datagram.size(), 4 + length + (length > 12 ? 1 : 0) + 2);
    const auto parsed = Parse(datagram);
    ASSERT_TRUE(parsed) << length;
    EXPECT_EQ(parsed->token, Token(raw));
  }
}

TEST(Message, TokensDifferByLengthAndBytes) {
  EXPECT_EQ(Token(), Token(ByteView{}));
  EXPECT_FALSE(Token(FromHex("00")) == Token());
  EXPECT_FALSE(Token(FromHex("01")) == Token(FromHex("02")));
}

TEST(Message, StampChangesTypeAndIdOnly) {
  Bytes message = MessageWriter(Type::kConfirmable, kContent, 0, Token(FromHex("aabb")))
                      .OptionUint(OptionNumber::kContentFormat, 60)
                      .Finish(AsBytes("x"));
  const Bytes before = message;
  StampTypeAndId(message, Type::kAcknowledgement, 0xfedc);
  const auto parsed = Parse(message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->type, Type::kAcknowledgement);
  EXPECT_EQ(parsed->message_id, 0xfedc);
  EXPECT_EQ(parsed->token, Token(FromHex("aabb")));
  EXPECT_TRUE(std::equal(before.begin() + 4, before.end(), message.begin() + 4));
}

TEST(Message, EmptyMessagesAreFourBytes) {
  EXPECT_EQ(ToHex(EmptyMessage(Type::kAcknowledgement, 0x1234)), "60001234");
  EXPECT_EQ(ToHex(EmptyMessage(Type::kReset, 0)), "70000000");
  EXPECT_EQ(ToHex(EmptyMessage(Type::kConfirmable, 0xffff)), "4000ffff");
}

TEST(Message, OptionsOfEveryDeltaAndLengthSurvive) {
  // Around the steps of the extended forms: 12, 13, 268, 269.
  const std::vector<uint32_t> steps = {0, 1, 12, 13, 14, 268, 269, 270, 1000};
  for (const uint32_t delta : steps) {
    for (const uint32_t length : steps) {
      const Bytes value(length, 0x5a);
      const auto number = static_cast<OptionNumber>(1 + delta);
      const Bytes datagram = MessageWriter(Type::kConfirmable, kGet, 1, Token())
                                 .Option(static_cast<OptionNumber>(1), {})
                                 .Option(number, value)
                                 .Finish(AsBytes("p"));
      const auto parsed = Parse(datagram);
      ASSERT_TRUE(parsed) << delta << " " << length;
      ASSERT_EQ(parsed->options().size(), 2u);
      EXPECT_EQ(parsed->options()[1].number, 1 + delta);
      EXPECT_TRUE(std::ranges::equal(parsed->options()[1].value, value));
      EXPECT_EQ(AsText(parsed->payload), "p");
    }
  }
}

struct Model {
  Type type;
  Code code;
  uint16_t id;
  Bytes token;
  std::vector<std::pair<uint16_t, Bytes>> options;
  Bytes payload;
};

Model RandomModel(std::mt19937& random) {
  const auto below = [&](uint32_t bound) { return random() % bound; };
  const auto bytes = [&](uint32_t bound) {
    Bytes out(below(bound));
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
    return out;
  };
  Model model{static_cast<Type>(below(4)),
              Code{static_cast<uint8_t>(1 + below(255))},
              static_cast<uint16_t>(random()),
              bytes(33),
              {},
              bytes(40)};
  uint32_t number = 0;
  for (uint32_t i = below(20); i > 0; --i) {
    number += below(3) == 0 ? below(3000) : below(14);
    model.options.emplace_back(static_cast<uint16_t>(number), bytes(below(4) == 0 ? 400 : 16));
  }
  return model;
}

TEST(Message, RandomMessagesComeBackAsWritten) {
  std::mt19937 random(42);
  for (int round = 0; round < 2000; ++round) {
    const Model model = RandomModel(random);
    MessageWriter writer(model.type, model.code, model.id, Token(model.token));
    for (const auto& [number, value] : model.options) {
      writer.Option(static_cast<OptionNumber>(number), value);
    }
    const Bytes datagram = std::move(writer).Finish(model.payload);
    const auto parsed = Parse(datagram);
    ASSERT_TRUE(parsed) << ToHex(datagram);
    EXPECT_EQ(parsed->type, model.type);
    EXPECT_EQ(parsed->code, model.code);
    EXPECT_EQ(parsed->message_id, model.id);
    EXPECT_TRUE(std::ranges::equal(parsed->token.view(), model.token));
    ASSERT_EQ(parsed->options().size(), model.options.size());
    for (size_t i = 0; i < model.options.size(); ++i) {
      EXPECT_EQ(parsed->options()[i].number, model.options[i].first);
      EXPECT_TRUE(std::ranges::equal(parsed->options()[i].value, model.options[i].second));
    }
    EXPECT_TRUE(std::ranges::equal(parsed->payload, model.payload));
  }
}

TEST(Message, CutOffMessagesNeverReadBeyondTheirEnd) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const Model model = RandomModel(random);
    MessageWriter writer(model.type, model.code, model.id, Token(model.token));
    for (const auto& [number, value] : model.options) {
      writer.Option(static_cast<OptionNumber>(number), value);
    }
    const Bytes whole = std::move(writer).Finish(model.payload);
    for (size_t length = 0; length <= whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      const auto parsed = Parse(cut);
      if (!parsed) continue;
      for (const OptionView& option : parsed->options()) {
        EXPECT_GE(option.value.data(), cut.data());
        EXPECT_LE(option.value.data() + option.value.size(), cut.data() + cut.size());
      }
    }
  }
}

TEST(Code, TextHasTwoDigitsOfDetail) {
  EXPECT_EQ(kGet.Text(), "0.01");
  EXPECT_EQ(kContent.Text(), "2.05");
  EXPECT_EQ(kTooManyRequests.Text(), "4.29");
}

TEST(Code, ClassesAreToldApart) {
  EXPECT_TRUE(kEmpty.is_empty());
  EXPECT_FALSE(kEmpty.is_request());
  EXPECT_TRUE(kFetch.is_request());
  EXPECT_TRUE(kContinue.is_response());
  EXPECT_FALSE(Code::Of(1, 1).is_response());
  EXPECT_FALSE(Code::Of(6, 0).is_response());
  EXPECT_FALSE(Code::Of(7, 31).is_request());
}

TEST(Message, UintOfUpToFourBytes) {
  EXPECT_EQ(ParseUint({}), 0u);
  EXPECT_EQ(ParseUint(Bytes{1, 0}), 256u);
  EXPECT_EQ(ParseUint(Bytes(5, 1)), std::nullopt);
}

}  // namespace
}  // namespace lowband::coap
