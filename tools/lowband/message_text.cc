#include "tools/lowband/message_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "libs/coap/block.h"
#include "tools/lowband/request_message.h"

namespace lowband::tools {
namespace {

using coap::OptionNumber;

enum class ValueFormat : uint8_t { kText, kOpaque, kUint, kBlock, kContentFormat, kSecret };

struct OptionName {
  OptionNumber number;
  std::string_view name;
  ValueFormat format;
};
constexpr std::array kOptionNames = {
    OptionName{OptionNumber::kIfMatch, "If-Match", ValueFormat::kOpaque},
    OptionName{OptionNumber::kETag, "ETag", ValueFormat::kOpaque},
    OptionName{OptionNumber::kObserve, "Observe", ValueFormat::kUint},
    OptionName{OptionNumber::kUriHost, "Uri-Host", ValueFormat::kText},
    OptionName{OptionNumber::kUriPort, "Uri-Port", ValueFormat::kUint},
    OptionName{OptionNumber::kUriPath, "Uri-Path", ValueFormat::kText},
    OptionName{OptionNumber::kUriQuery, "Uri-Query", ValueFormat::kText},
    OptionName{OptionNumber::kLocationPath, "Location-Path", ValueFormat::kText},
    OptionName{OptionNumber::kContentFormat, "Content-Format", ValueFormat::kContentFormat},
    OptionName{OptionNumber::kMaxAge, "Max-Age", ValueFormat::kUint},
    OptionName{OptionNumber::kAccept, "Accept", ValueFormat::kContentFormat},
    OptionName{OptionNumber::kBlock1, "Block1", ValueFormat::kBlock},
    OptionName{OptionNumber::kBlock2, "Block2", ValueFormat::kBlock},
    OptionName{OptionNumber::kSize1, "Size1", ValueFormat::kUint},
    OptionName{OptionNumber::kSize2, "Size2", ValueFormat::kUint},
    OptionName{OptionNumber::kNoResponse, "No-Response", ValueFormat::kUint},
    OptionName{OptionNumber::kMatrixAccessToken, "Access-Token", ValueFormat::kSecret},
    OptionName{OptionNumber::kMatrixKeyTableVersion, "Key-Table", ValueFormat::kUint},
    OptionName{OptionNumber::kHttpStatus, "HTTP-Status", ValueFormat::kUint},
    OptionName{OptionNumber::kUserAgent, "User-Agent", ValueFormat::kText},
};

struct CodeName {
  coap::Code code;
  std::string_view name;
};
constexpr std::array kCodeNames = {
    CodeName{coap::kGet, "GET"},
    CodeName{coap::kPost, "POST"},
    CodeName{coap::kPut, "PUT"},
    CodeName{coap::kDelete, "DELETE"},
    CodeName{coap::kFetch, "FETCH"},
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

std::string UintText(ByteView value) {
  if (value.size() > 4) return "0x" + ToHex(value);
  uint32_t number = 0;
  for (const uint8_t byte : value) number = number << 8 | byte;
  return std::to_string(number);
}

std::string ValueText(ValueFormat format, ByteView value) {
  switch (format) {
    case ValueFormat::kText: return Printable(value);
    case ValueFormat::kOpaque: return "0x" + ToHex(value);
    case ValueFormat::kUint: return UintText(value);
    case ValueFormat::kSecret: return "(" + std::to_string(value.size()) + " B)";
    case ValueFormat::kContentFormat: {
      const std::string number = UintText(value);
      return value.size() > 2
                 ? number
                 : FormatName(static_cast<uint32_t>(std::stoul(number))) + " (" + number + ")";
    }
    case ValueFormat::kBlock: {
      const auto block = coap::ParseBlock(value);
      if (!block) return "0x" + ToHex(value);
      return std::to_string(block->number) + (block->more ? "/more/" : "/last/") +
             std::to_string(block->size());
    }
  }
  std::abort();
}

std::string_view TypeText(coap::Type type) {
  switch (type) {
    case coap::Type::kConfirmable: return "CON";
    case coap::Type::kNonConfirmable: return "NON";
    case coap::Type::kAcknowledgement: return "ACK";
    case coap::Type::kReset: return "RST";
  }
  std::abort();
}

}  // namespace

std::string CodeText(coap::Code code) {
  const auto* const found = std::ranges::find(kCodeNames, code, &CodeName::code);
  return found == kCodeNames.end() ? code.Text() : std::string(found->name);
}

std::string OptionText(OptionNumber number, ByteView value) {
  const auto* const found = std::ranges::find(kOptionNames, number, &OptionName::number);
  if (found == kOptionNames.end()) {
    return "Option-" + std::to_string(static_cast<unsigned>(number)) + ": 0x" + ToHex(value);
  }
  return std::string(found->name) + ": " + ValueText(found->format, value);
}

std::string MessageText(const coap::MessageView& message) {
  std::array<char, 8> id{};
  std::snprintf(id.data(), id.size(), "0x%04x", message.message_id);
  std::string out(TypeText(message.type));
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
