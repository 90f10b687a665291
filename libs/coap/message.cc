#include "libs/coap/message.h"

#include <coap3/coap.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace lowband::coap {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr uint8_t kVersionBits = 0x40;
constexpr uint8_t kPayloadMarker = 0xff;

// RFC 8974 §2.1: 13 and 14 announce one and two further length bytes, 15 is reserved.
struct TokenLength {
  size_t length;
  size_t extra_bytes;
};
std::optional<TokenLength> ReadTokenLength(ByteView datagram) {
  const size_t nibble = datagram[0] & 0x0f;
  if (nibble <= 12) return TokenLength{nibble, 0};
  if (nibble == 13 && datagram.size() > kHeaderBytes) {
    return TokenLength{datagram[kHeaderBytes] + size_t{13}, 1};
  }
  return std::nullopt;  // 14 would mean at least 269 bytes: above all of our limits.
}

// libcoap 4.3.1 lets a delta of more than 65,535 wrap round to a small one.
bool DeltaWraps(ByteView option) {
  constexpr unsigned kExtendedBase = 269;  // RFC 7252 §3.1: a nibble of 14 and two bytes
  return option[0] >> 4 == 14 && option.size() > 2 &&
         (option[1] << 8 | option[2]) + kExtendedBase > UINT16_MAX;
}

}  // namespace

Token::Token(ByteView bytes) {
  if (bytes.size() > kTokenBytesMax) std::abort();
  size_ = static_cast<uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

bool operator==(const Token& a, const Token& b) { return std::ranges::equal(a.view(), b.view()); }

std::string_view Text(ParseError error) {
  switch (error) {
    case ParseError::kTooShort: return "shorter than a header";
    case ParseError::kVersion: return "version is not 1";
    case ParseError::kTokenLength: return "bad token length";
    case ParseError::kTruncated: return "ends inside the token or an option";
    case ParseError::kOption: return "undecodable option";
    case ParseError::kEmptyPayload: return "payload marker without a payload";
    case ParseError::kNotEmpty: return "empty message with a token, options or payload";
  }
  std::abort();
}

std::optional<ByteView> MessageView::Find(OptionNumber number) const {
  for (const OptionView& option : options()) {
    if (option.number == static_cast<uint16_t>(number)) return option.value;
  }
  return std::nullopt;
}

std::optional<uint32_t> ParseUint(ByteView value) {
  if (value.size() > 4) return std::nullopt;
  uint32_t number = 0;
  for (const uint8_t byte : value) number = number << 8 | byte;
  return number;
}

std::optional<uint32_t> MessageView::FindUint(OptionNumber number) const {
  const auto value = Find(number);
  return value ? ParseUint(*value) : std::nullopt;
}

std::optional<Envelope> ParseEnvelope(ByteView datagram) {
  if (datagram.size() < kHeaderBytes || (datagram[0] & 0xc0) != kVersionBits) return std::nullopt;
  return Envelope{static_cast<Type>(datagram[0] >> 4 & 3),
                  static_cast<uint16_t>(datagram[2] << 8 | datagram[3])};
}

Result<MessageView, ParseError> Parse(ByteView datagram) {
  if (datagram.size() < kHeaderBytes) return Failure(ParseError::kTooShort);
  const auto envelope = ParseEnvelope(datagram);
  if (!envelope) return Failure(ParseError::kVersion);
  const auto token_length = ReadTokenLength(datagram);
  if (!token_length || token_length->length > kTokenBytesMax) {
    return Failure(ParseError::kTokenLength);
  }
  MessageView message;
  message.type = envelope->type;
  message.message_id = envelope->message_id;
  message.code = Code{datagram[1]};
  ByteView rest = datagram.subspan(kHeaderBytes + token_length->extra_bytes);
  if (rest.size() < token_length->length) return Failure(ParseError::kTruncated);
  message.token = Token(rest.first(token_length->length));
  rest = rest.subspan(token_length->length);
  if (message.code.is_empty() && datagram.size() != kHeaderBytes) {
    return Failure(ParseError::kNotEmpty);
  }
  uint32_t number = 0;
  while (!rest.empty() && rest[0] != kPayloadMarker) {
    coap_option_t option{};
    const size_t used = coap_opt_parse(rest.data(), rest.size(), &option);
    if (used == 0 || used > rest.size() || DeltaWraps(rest)) return Failure(ParseError::kOption);
    number += option.delta;
    if (number > UINT16_MAX) return Failure(ParseError::kOption);
    if (message.option_count_ < kOptionsMax) {
      message.options_[message.option_count_++] = {static_cast<uint16_t>(number),
                                                   {option.value, option.length}};
    } else {
      message.has_surplus_options_ = true;
    }
    rest = rest.subspan(used);
  }
  if (rest.empty()) return message;
  message.payload = rest.subspan(1);
  if (message.payload.empty()) return Failure(ParseError::kEmptyPayload);
  return message;
}

MessageWriter::MessageWriter(Type type, Code code, uint16_t message_id, const Token& token) {
  out_.reserve(128);
  const size_t length = token.size();
  out_.push_back(static_cast<uint8_t>(kVersionBits | (length <= 12 ? length : 13)));
  out_.push_back(code.value);
  out_.insert(out_.end(), 2, 0);
  StampTypeAndId(out_, type, message_id);
  if (length > 12) out_.push_back(static_cast<uint8_t>(length - 13));
  Append(out_, token.view());
}

MessageWriter& MessageWriter::Option(OptionNumber number, ByteView value) {
  const auto wanted = static_cast<uint16_t>(number);
  if (wanted < last_number_) std::abort();  // our own error, never a peer's
  const size_t at = out_.size();
  out_.resize(at + 5 + value.size());  // 1 + 2 (delta) + 2 (length) bytes of head at most
  const size_t used =
      coap_opt_encode(out_.data() + at, out_.size() - at,
                      static_cast<uint16_t>(wanted - last_number_), value.data(), value.size());
  if (used == 0) std::abort();
  out_.resize(at + used);
  last_number_ = wanted;
  return *this;
}

MessageWriter& MessageWriter::OptionUint(OptionNumber number, uint32_t value) {
  std::array<uint8_t, 4> raw;
  const unsigned size = coap_encode_var_safe(raw.data(), raw.size(), value);
  return Option(number, ByteView(raw.data(), size));
}

Bytes MessageWriter::Finish(ByteView payload) {
  if (!payload.empty()) {
    out_.push_back(kPayloadMarker);
    Append(out_, payload);
  }
  return std::move(out_);
}

void StampTypeAndId(std::span<uint8_t> message, Type type, uint16_t message_id) {
  message[0] = static_cast<uint8_t>((message[0] & 0xcf) | static_cast<uint8_t>(type) << 4);
  message[2] = static_cast<uint8_t>(message_id >> 8);
  message[3] = static_cast<uint8_t>(message_id);
}

std::array<uint8_t, 4> EmptyMessage(Type type, uint16_t message_id) {
  std::array<uint8_t, 4> out = {kVersionBits, 0, 0, 0};
  StampTypeAndId(out, type, message_id);
  return out;
}

}  // namespace lowband::coap
