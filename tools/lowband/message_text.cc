#include "tools/lowband/message_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "libs/coap/block.h"
#include "libs/coap/text.h"
#include "tools/lowband/request_message.h"

namespace lowband::tools {
namespace {

using coap::OptionNumber;

struct CodeName {
  coap::Code code;
  std::string_view name;
};
constexpr std::array kCodeNames = {
    CodeName{coap::kCreated, "2.01 Created"},
    CodeName{coap::kDeleted, "2.02 Deleted"},
    CodeName{coap::kValid, "2.03 Valid"},
    CodeName{coap::kChanged, "2.04 Changed"},
    CodeName{coap::kContent, "2.05 Content"},
    CodeName{coap::kContinue, "2.31 Continue"},
    CodeName{coap::kBadRequest, "4.00 Bad Request"},
    CodeName{coap::kUnauthorized, "4.01 Unauthorized"},
    CodeName{coap::kBadOption, "4.02 Bad Option"},
    CodeName{coap::kForbidden, "4.03 Forbidden"},
    CodeName{coap::kNotFound, "4.04 Not Found"},
    CodeName{coap::kMethodNotAllowed, "4.05 Method Not Allowed"},
    CodeName{coap::kRequestEntityIncomplete, "4.08 Request Entity Incomplete"},
    CodeName{coap::kConflict, "4.09 Conflict"},
    CodeName{coap::kPreconditionFailed, "4.12 Precondition Failed"},
    CodeName{coap::kRequestEntityTooLarge, "4.13 Request Entity Too Large"},
    CodeName{coap::kUnsupportedContentFormat, "4.15 Unsupported Content-Format"},
    CodeName{coap::kUnprocessableEntity, "4.22 Unprocessable Entity"},
    CodeName{coap::kTooManyRequests, "4.29 Too Many Requests"},
    CodeName{coap::kInternalServerError, "5.00 Internal Server Error"},
    CodeName{coap::kNotImplemented, "5.01 Not Implemented"},
    CodeName{coap::kBadGateway, "5.02 Bad Gateway"},
    CodeName{coap::kServiceUnavailable, "5.03 Service Unavailable"},
    CodeName{coap::kGatewayTimeout, "5.04 Gateway Timeout"},
    CodeName{coap::kProxyingNotSupported, "5.05 Proxying Not Supported"},
};

// RFC 5246 §7.4, RFC 6347 §4.3.2, RFC 5077 §3.3.
std::string_view HandshakeName(uint8_t type) {
  switch (type) {
    case 1: return "ClientHello";
    case 2: return "ServerHello";
    case 3: return "HelloVerifyRequest";
    case 4: return "NewSessionTicket";
    case 11: return "Certificate";
    case 12: return "ServerKeyExchange";
    case 13: return "CertificateRequest";
    case 14: return "ServerHelloDone";
    case 16: return "ClientKeyExchange";
    default: return "Handshake";
  }
}

std::string RecordName(uint8_t type, bool encrypted, ByteView fragment) {
  switch (type) {
    case 20: return "ChangeCipherSpec";
    case 21: return encrypted ? "Alert (encrypted)" : "Alert";
    case 22:
      if (encrypted) return "Finished";
      return std::string(fragment.empty() ? "Handshake" : HandshakeName(fragment[0]));
    case 23:
    case 25: return "application data";
    default: return "unknown record";
  }
}

// The printable characters only: a server must not control the terminal.
std::string Printable(ByteView value) {
  std::string out;
  for (const uint8_t byte : value) {
    out.push_back(byte < 0x20 || byte == 0x7f ? '?' : static_cast<char>(byte));
  }
  return out;
}

std::string FormatText(uint32_t format) {
  return FormatName(format) + " (" + std::to_string(format) + ")";
}

std::string ValueText(const coap::OptionDefinition& option, ByteView value) {
  std::string raw = "0x" + ToHex(value);
  switch (option.format) {
    case coap::OptionFormat::kOpaque: return raw;
    case coap::OptionFormat::kString:
      if (option.number != OptionNumber::kMatrixAccessToken) return Printable(value);
      return "(" + std::to_string(value.size()) + " B)";
    case coap::OptionFormat::kUint: {
      const auto number = coap::ParseUint(value);
      if (!number) return raw;
      const bool of_content =
          option.number == OptionNumber::kContentFormat || option.number == OptionNumber::kAccept;
      return of_content && value.size() <= 2 ? FormatText(*number) : std::to_string(*number);
    }
    case coap::OptionFormat::kBlock: {
      const auto block = coap::ParseBlock(value);
      if (!block) return raw;
      return std::to_string(block->number) + (block->more ? "/more/" : "/last/") +
             std::to_string(block->size());
    }
  }
  std::abort();
}

}  // namespace

std::string CodeText(coap::Code code) {
  const auto* const found = std::ranges::find(kCodeNames, code, &CodeName::code);
  return found == kCodeNames.end() ? coap::Text(code) : std::string(found->name);
}

std::string OptionText(OptionNumber number, ByteView value) {
  const coap::OptionDefinition* const known = coap::FindDefinition(number);
  if (known == nullptr) {
    return "Option-" + std::to_string(static_cast<unsigned>(number)) + ": 0x" + ToHex(value);
  }
  return std::string(known->name) + ": " + ValueText(*known, value);
}

std::string MessageText(const coap::MessageView& message) {
  std::array<char, 8> id{};
  std::snprintf(id.data(), id.size(), "0x%04x", message.message_id);
  std::string out(coap::Text(message.type));
  if (message.code.is_empty()) return out + " " + id.data();
  out += " " + CodeText(message.code) + " " + id.data();
  if (message.token.size() > 0) out += " token " + ToHex(message.token.view());
  for (const auto& option : message.options()) {
    out += ", " + OptionText(static_cast<OptionNumber>(option.number), option.value);
  }
  if (!message.payload.empty()) out += ", " + std::to_string(message.payload.size()) + " B payload";
  return out;
}

std::string RecordsText(ByteView datagram) {
  constexpr size_t kHeaderBytes = 13;
  std::string out;
  while (datagram.size() >= kHeaderBytes) {
    const bool encrypted = datagram[3] != 0 || datagram[4] != 0;
    const size_t size = static_cast<size_t>(datagram[11]) << 8 | datagram[12];
    const uint8_t type = datagram[0];
    datagram = datagram.subspan(kHeaderBytes);
    const ByteView fragment = datagram.first(std::min(size, datagram.size()));
    out += (out.empty() ? "" : ", ") + RecordName(type, encrypted, fragment);
    datagram = datagram.subspan(fragment.size());
  }
  return out.empty() ? "no DTLS record" : out;
}

}  // namespace lowband::tools
