#include "tests/support/message_text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "libs/coap/block.h"
#include "libs/coap/option.h"
#include "libs/coap/text.h"

namespace lowband::edge::testing {
namespace {

using coap::OptionNumber;

// The words for options in scripts.
struct NamedOption {
  std::string_view name;
  OptionNumber number;
};
constexpr std::array kOptions = {
    NamedOption{"match", OptionNumber::kIfMatch},
    NamedOption{"etag", OptionNumber::kETag},
    NamedOption{"observe", OptionNumber::kObserve},
    NamedOption{"location", OptionNumber::kLocationPath},
    NamedOption{"path", OptionNumber::kUriPath},
    NamedOption{"format", OptionNumber::kContentFormat},
    NamedOption{"max-age", OptionNumber::kMaxAge},
    NamedOption{"query", OptionNumber::kUriQuery},
    NamedOption{"accept", OptionNumber::kAccept},
    NamedOption{"block2", OptionNumber::kBlock2},
    NamedOption{"block1", OptionNumber::kBlock1},
    NamedOption{"size2", OptionNumber::kSize2},
    NamedOption{"size1", OptionNumber::kSize1},
    NamedOption{"auth", OptionNumber::kMatrixAccessToken},
    NamedOption{"keys", OptionNumber::kMatrixKeyTableVersion},
    NamedOption{"tag", OptionNumber::kRequestTag},
    NamedOption{"status", OptionNumber::kHttpStatus},
    NamedOption{"agent", OptionNumber::kUserAgent},
};
constexpr std::string_view kEmpty = "EMPTY";
constexpr std::array kTypes = {coap::Type::kConfirmable, coap::Type::kNonConfirmable,
                               coap::Type::kAcknowledgement, coap::Type::kReset};
constexpr std::array kMethods = {coap::kGet, coap::kPost, coap::kPut, coap::kDelete, coap::kFetch};

[[noreturn]] void Bad(std::string_view word) {
  throw std::invalid_argument("cannot read '" + std::string(word) + "'");
}

uint32_t Number(std::string_view text) {
  try {
    size_t used = 0;
    const unsigned long value = std::stoul(std::string(text), &used, 0);
    if (used == text.size()) return static_cast<uint32_t>(value);
  } catch (const std::exception&) {
  }
  Bad(text);
}

Bytes Uint(uint32_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (byte != 0 || !out.empty()) out.push_back(byte);
  }
  return out;
}

coap::Block BlockFrom(std::string_view text) {
  const size_t first = text.find('/');
  const size_t last = text.rfind('/');
  if (first == std::string_view::npos || first == last) Bad(text);
  const uint32_t size = Number(text.substr(last + 1));
  coap::Block block{Number(text.substr(0, first)), text.substr(first + 1, last - first - 1) == "1",
                    0};
  while (block.szx < 7 && block.size() != size) ++block.szx;
  return block;
}

coap::Code CodeFrom(std::string_view text) {
  if (text == kEmpty) return coap::kEmpty;
  const auto is_named = [&](coap::Code method) { return coap::Text(method) == text; };
  if (const auto* found = std::ranges::find_if(kMethods, is_named); found != kMethods.end()) {
    return *found;
  }
  if (text.size() != 4 || text[1] != '.') Bad(text);
  return coap::Code::Of(Number(text.substr(0, 1)),
                        static_cast<unsigned>(std::stoul(std::string(text.substr(2)), nullptr)));
}

std::string Unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
  return std::string(value);
}

void AddOption(MessageText& message, const NamedOption& option, std::string_view value) {
  const auto number = static_cast<uint16_t>(option.number);
  const auto add = [&](ByteView bytes) {
    message.options.emplace(number, Bytes(bytes.begin(), bytes.end()));
  };
  switch (coap::FindDefinition(option.number)->format) {
    case coap::OptionFormat::kUint: add(Uint(Number(value))); return;
    case coap::OptionFormat::kBlock: add(Uint(BlockFrom(value).Pack())); return;
    case coap::OptionFormat::kOpaque:
      if (!value.empty() && value.front() == '$') {
        message.etag_name = value;
      } else {
        add(FromHex(value));
      }
      return;
    case coap::OptionFormat::kString: break;
  }
  const std::string text = Unquoted(value);
  if (option.number != OptionNumber::kUriPath) {
    add(AsBytes(text));
    return;
  }
  std::istringstream segments(text);
  for (std::string segment; std::getline(segments, segment, '/');) add(AsBytes(segment));
}

std::string ValueText(coap::OptionFormat format, ByteView value) {
  switch (format) {
    case coap::OptionFormat::kOpaque: return ToHex(value);
    case coap::OptionFormat::kString: return std::string(AsText(value));
    case coap::OptionFormat::kUint: {
      const auto number = coap::ParseUint(value);
      return number ? std::to_string(*number) : "hex:" + ToHex(value);
    }
    case coap::OptionFormat::kBlock: {
      const auto block = coap::ParseBlock(value);
      if (!block) return "hex:" + ToHex(value);
      return std::to_string(block->number) + "/" + (block->more ? "1" : "0") + "/" +
             std::to_string(block->size());
    }
  }
  std::abort();
}

std::string TextOf(uint16_t number, ByteView value) {
  const auto option = static_cast<OptionNumber>(number);
  const auto* const named = std::ranges::find(kOptions, option, &NamedOption::number);
  if (named == kOptions.end()) return "opt=" + std::to_string(number) + ":" + ToHex(value);
  return std::string(named->name) + "=" + ValueText(coap::FindDefinition(option)->format, value);
}

std::string BodyText(ByteView body) {
  const bool printable = std::ranges::all_of(body, [](uint8_t b) { return b >= 32 && b < 127; });
  if (printable && body.size() <= 200) return "body=\"" + std::string(AsText(body)) + "\"";
  if (body.size() <= 200) return "body=hex:" + ToHex(body);
  return "body=" + std::to_string(body.size()) + " bytes, hex:" + ToHex(body.first(32)) + "…";
}

// Binds `name` to `value`, or compares with what it is bound to.
bool Matches(const std::string& name, const std::string& value, Names& names) {
  if (name.empty() || name.front() != '$') return Number(name) == Number(value);
  return names.try_emplace(name, value).first->second == value;
}

}  // namespace

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '#' && !in_word) break;
    if (c == ' ' && !quoted) {
      in_word = false;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back().push_back(c);
  }
  return words;
}

Bytes Pattern(size_t length, size_t offset) {
  Bytes out(length);
  for (size_t i = 0; i < length; ++i) {
    const size_t at = i + offset;
    out[i] = static_cast<uint8_t>(at ^ at >> 8 ^ at >> 13);
  }
  return out;
}

Bytes FromHex(std::string_view hex) {
  Bytes out;
  if (hex.size() % 2 != 0) Bad(hex);
  for (size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

std::string_view ValueOf(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) Bad(word);
  return word.substr(equals + 1);
}

Bytes BodyOf(std::string_view value) {
  if (value.starts_with("hex:")) return FromHex(value.substr(4));
  if (value.starts_with('#')) {
    const size_t plus = std::min(value.find('+'), value.size());
    const size_t offset = plus < value.size() ? Number(value.substr(plus + 1)) : 0;
    return Pattern(Number(value.substr(1, plus - 1)), offset);
  }
  const std::string text = Unquoted(value);
  return {text.begin(), text.end()};
}

MessageText ParseText(const std::vector<std::string>& words) {
  MessageText message;
  if (words.size() < 3) throw std::invalid_argument("needs a type, a code and a message ID");
  const auto is_named = [&](coap::Type type) { return coap::Text(type) == words[0]; };
  const auto* const type = std::ranges::find_if(kTypes, is_named);
  if (type == kTypes.end()) Bad(words[0]);
  message.type = *type;
  message.code = CodeFrom(words[1]);
  message.message_id = words[2];
  for (size_t i = 3; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::string_view value = ValueOf(word);
    const std::string_view name = word.substr(0, word.size() - value.size() - 1);
    const auto option = std::ranges::find(kOptions, name, &NamedOption::name);
    if (option != kOptions.end()) {
      AddOption(message, *option, value);
    } else if (name == "token") {
      message.token = coap::Token(FromHex(value));
    } else if (name == "body") {
      message.body = BodyOf(value);
    } else if (name == "error") {
      message.errcode = value;
    } else if (name == "opt") {
      const size_t colon = value.find(':');
      if (colon == std::string_view::npos) Bad(word);
      message.options.emplace(static_cast<uint16_t>(Number(value.substr(0, colon))),
                              FromHex(value.substr(colon + 1)));
    } else {
      Bad(word);
    }
  }
  return message;
}

Bytes Encode(const MessageText& text, const Names& names) {
  const bool named = text.message_id.front() == '$';
  const uint32_t id = Number(named ? names.at(text.message_id) : text.message_id);
  if (text.code.is_empty()) {
    const auto empty = coap::EmptyMessage(text.type, static_cast<uint16_t>(id));
    return {empty.begin(), empty.end()};
  }
  coap::MessageWriter writer(text.type, text.code, static_cast<uint16_t>(id), text.token);
  auto options = text.options;
  if (!text.etag_name.empty()) options.emplace(4, FromHex(names.at(text.etag_name)));
  for (const auto& [number, value] : options) {
    writer.Option(static_cast<OptionNumber>(number), value);
  }
  return std::move(writer).Finish(text.body);
}

std::string Difference(const MessageText& expected, ByteView datagram, Names& names) {
  const auto parsed = coap::Parse(datagram);
  if (!parsed) return "does not parse: " + std::string(coap::Text(parsed.error()));
  const coap::MessageView& actual = *parsed;
  if (actual.type != expected.type) return "another type";
  if (actual.code != expected.code) return "another code";
  if (!Matches(expected.message_id, std::to_string(actual.message_id), names)) {
    return "another message ID";
  }
  if (actual.token != expected.token) return "another token";
  std::multimap<uint16_t, Bytes> options;
  for (const coap::OptionView& option : actual.options()) {
    if (option.number == 4 && !expected.etag_name.empty()) {
      if (!Matches(expected.etag_name, ToHex(option.value), names)) return "another ETag";
      continue;
    }
    options.emplace(option.number, Bytes(option.value.begin(), option.value.end()));
  }
  if (options != expected.options) return "other options";
  if (!expected.errcode.empty()) {
    return IsCborError(actual.payload, expected.errcode) ? "" : "not that error";
  }
  if (!std::ranges::equal(actual.payload, expected.body)) return "another body";
  return "";
}

std::string Describe(ByteView datagram) {
  const auto parsed = coap::Parse(datagram);
  if (!parsed) return "raw " + ToHex(datagram);
  const coap::MessageView& message = *parsed;
  std::string out(coap::Text(message.type));
  out += " " + (message.code.is_empty() ? std::string(kEmpty) : coap::Text(message.code));
  std::ostringstream id;
  id << " 0x" << std::hex << message.message_id;
  out += id.str();
  if (message.token.size() > 0) out += " token=" + ToHex(message.token.view());
  for (const coap::OptionView& option : message.options()) {
    out += " " + TextOf(option.number, option.value);
  }
  if (!message.payload.empty()) out += " " + BodyText(message.payload);
  return out;
}

bool IsCborError(ByteView body, std::string_view errcode) {
  if (body.empty() || body[0] >> 5 != 5) return false;
  return AsText(body).find(errcode) != std::string_view::npos;
}

}  // namespace lowband::edge::testing
