// CoAP messages in the words of the RFCs' figures, both ways.
//
//   CON GET 0x7d34 token=71 path=status/icon query=a=1 block2=1/0/64 body="hello"
//
// Types: CON NON ACK RST. Codes: GET POST PUT DELETE FETCH EMPTY or 2.05. Options: path (split
// at '/'), query, format, accept, observe, block1, block2 (number/more/size), size1, size2, etag
// (hex), max-age, status (2048), auth (256), keys (257), tag (Request-Tag, hex), opt=NUMBER:HEX.
// Body: "text", #LENGTH or #LENGTH+OFFSET (a pattern without a period), hex:…, or error=ERRCODE (a
// CBOR error map, to be expected only).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/coap/message.h"

namespace lowband::edge::testing {

/// The words of a line; a value in double quotes may hold spaces.
std::vector<std::string> Words(std::string_view line);

/// The bytes that `#length+offset` stands for.
Bytes Pattern(size_t length, size_t offset = 0);
Bytes FromHex(std::string_view hex);
/// The part of a word behind '='.
std::string_view ValueOf(std::string_view word);
/// "text", #LENGTH+OFFSET or hex:…
Bytes BodyOf(std::string_view value);

/// A message described; what is bound to a name ($m) is looked up in, or put into, `names`.
struct MessageText {
  coap::Type type = coap::Type::kConfirmable;
  coap::Code code;
  std::string message_id;  ///< 0x1234, or $name.
  coap::Token token;
  std::multimap<uint16_t, Bytes> options;
  std::string etag_name;  ///< $name instead of a value.
  Bytes body;
  std::string errcode;  ///< Instead of a body.
};
using Names = std::map<std::string, std::string>;

/// Throws std::invalid_argument, naming the word it cannot read.
MessageText ParseText(const std::vector<std::string>& words);
Bytes Encode(const MessageText& text, const Names& names);
/// What differs from the datagram, in words; empty if nothing does.
std::string Difference(const MessageText& expected, ByteView datagram, Names& names);
/// A datagram in the words of a script.
std::string Describe(ByteView datagram);
/// `body` is a CBOR map that holds `errcode`.
bool IsCborError(ByteView body, std::string_view errcode);

}  // namespace lowband::edge::testing
