// The CoAP message on the wire: parsed as views of a datagram, written into a buffer.
//
// Option coding is libcoap's; message.cc is the one file that includes it. The four header bytes
// and the token are read here, because libcoap 4.3.1 does not know the extended token lengths of
// RFC 8974.
//
// Threading: values; any thread. Ownership: a MessageView points into the parsed datagram.
// Limits: see limits.h. Spec: RFC 7252 §3, RFC 8974 §2.1.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/coap/code.h"
#include "libs/coap/limits.h"
#include "libs/coap/option.h"

namespace lowband::coap {

/// RFC 7252 §3: the two type bits.
enum class Type : uint8_t {
  kConfirmable = 0,
  kNonConfirmable = 1,
  kAcknowledgement = 2,
  kReset = 3,
};

/// A token: 0 to 32 opaque bytes that tie a response to its request (RFC 7252 §5.3.1, RFC 8974).
class Token {
 public:
  Token() = default;
  /// `bytes` is at most kTokenBytesMax long; longer ones are a broken invariant.
  explicit Token(ByteView bytes);
  ByteView view() const { return {bytes_.data(), size_}; }
  size_t size() const { return size_; }
  friend bool operator==(const Token& a, const Token& b);

 private:
  std::array<uint8_t, kTokenBytesMax> bytes_{};
  uint8_t size_ = 0;
};

struct OptionView {
  uint16_t number = 0;
  ByteView value;
};

/// The value of an option of format uint (RFC 7252 §3.2); none: it is longer than four bytes.
std::optional<uint32_t> ParseUint(ByteView value);

/// The reason why a datagram is no CoAP message; Text() names it for logs and diagnostics.
enum class ParseError {
  kTooShort,      ///< Fewer than four bytes.
  kVersion,       ///< Version other than 1: to be ignored silently (RFC 7252 §3).
  kTokenLength,   ///< Reserved or over-long token length.
  kTruncated,     ///< Ends inside the token or an option.
  kOption,        ///< An option header that cannot be decoded (reserved nibble, overflow).
  kEmptyPayload,  ///< Payload marker without a payload.
  kNotEmpty,      ///< Code 0.00 with a token, options or payload.
};
std::string_view Text(ParseError error);

/// A parsed message. Views point into the datagram it was parsed from.
class MessageView {
 public:
  Type type = Type::kConfirmable;
  Code code;
  uint16_t message_id = 0;
  Token token;
  ByteView payload;

  /// In the order of the message, kOptionsMax at most.
  std::span<const OptionView> options() const { return {options_.data(), option_count_}; }
  /// The message has more options than kOptionsMax: the rest was dropped, and code that must see
  /// all critical ones must refuse it.
  bool has_surplus_options() const { return has_surplus_options_; }
  /// The first value of an option, or none.
  std::optional<ByteView> Find(OptionNumber number) const;
  /// The first value of an option of format uint (RFC 7252 §3.2). None if it is absent or longer
  /// than four bytes.
  std::optional<uint32_t> FindUint(OptionNumber number) const;
  bool Has(OptionNumber number) const { return Find(number).has_value(); }

 private:
  friend Result<MessageView, ParseError> Parse(ByteView datagram);
  std::array<OptionView, kOptionsMax> options_;
  uint8_t option_count_ = 0;
  bool has_surplus_options_ = false;
};

/// Reads one datagram. `datagram` must stay alive as long as the result is used.
[[nodiscard]] Result<MessageView, ParseError> Parse(ByteView datagram);

/// The type and message ID of a datagram that Parse refused, when its first four bytes could be
/// read and its version is 1: enough to answer a malformed CON with a RST (RFC 7252 §4.2).
struct Envelope {
  Type type;
  uint16_t message_id;
};
std::optional<Envelope> ParseEnvelope(ByteView datagram);

/// Writes one message, front to back, into a buffer of its own. Options must come in ascending
/// order of their numbers (equal ones may repeat). Type and message ID may be stamped later.
class MessageWriter {
 public:
  /// `token` as in the request; see Token for its limit.
  MessageWriter(Type type, Code code, uint16_t message_id, const Token& token);
  MessageWriter& Option(OptionNumber number, ByteView value);
  /// An option of format uint, in as few bytes as it needs.
  MessageWriter& OptionUint(OptionNumber number, uint32_t value);
  /// Ends the message and the writer. An empty payload writes no marker.
  Bytes Finish(ByteView payload = {});

 private:
  Bytes out_;
  uint16_t last_number_ = 0;
};

/// Overwrites type and message ID of a message that MessageWriter made. The message layer chooses
/// both when it sends a message that was written before.
void StampTypeAndId(std::span<uint8_t> message, Type type, uint16_t message_id);

/// Four bytes: an empty ACK or RST (RFC 7252 §4.2, §4.3), or an empty CON (ping).
std::array<uint8_t, 4> EmptyMessage(Type type, uint16_t message_id);

}  // namespace lowband::coap
