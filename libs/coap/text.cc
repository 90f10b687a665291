#include "libs/coap/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lowband::coap {
namespace {

using enum OptionFormat;

constexpr std::array kDefinitions = {
    OptionDefinition{OptionNumber::kIfMatch, "If-Match", kOpaque},
    OptionDefinition{OptionNumber::kUriHost, "Uri-Host", kString},
    OptionDefinition{OptionNumber::kETag, "ETag", kOpaque},
    OptionDefinition{OptionNumber::kObserve, "Observe", kUint},
    OptionDefinition{OptionNumber::kUriPort, "Uri-Port", kUint},
    OptionDefinition{OptionNumber::kLocationPath, "Location-Path", kString},
    OptionDefinition{OptionNumber::kUriPath, "Uri-Path", kString},
    OptionDefinition{OptionNumber::kContentFormat, "Content-Format", kUint},
    OptionDefinition{OptionNumber::kMaxAge, "Max-Age", kUint},
    OptionDefinition{OptionNumber::kUriQuery, "Uri-Query", kString},
    OptionDefinition{OptionNumber::kAccept, "Accept", kUint},
    OptionDefinition{OptionNumber::kBlock2, "Block2", kBlock},
    OptionDefinition{OptionNumber::kBlock1, "Block1", kBlock},
    OptionDefinition{OptionNumber::kSize2, "Size2", kUint},
    OptionDefinition{OptionNumber::kSize1, "Size1", kUint},
    OptionDefinition{OptionNumber::kMatrixAccessToken, "Access-Token", kString},
    OptionDefinition{OptionNumber::kMatrixKeyTableVersion, "Key-Table", kUint},
    OptionDefinition{OptionNumber::kNoResponse, "No-Response", kUint},
    OptionDefinition{OptionNumber::kRequestTag, "Request-Tag", kOpaque},
    OptionDefinition{OptionNumber::kHttpStatus, "HTTP-Status", kUint},
    OptionDefinition{OptionNumber::kUserAgent, "User-Agent", kString},
};

}  // namespace

std::string_view Text(Type type) {
  switch (type) {
    case Type::kConfirmable: return "CON";
    case Type::kNonConfirmable: return "NON";
    case Type::kAcknowledgement: return "ACK";
    case Type::kReset: return "RST";
  }
  std::abort();
}

std::string Text(Code code) {
  constexpr std::array kMethods = {kGet, kPost, kPut, kDelete, kFetch};
  constexpr std::array kNames = {"GET", "POST", "PUT", "DELETE", "FETCH"};
  const auto* const method = std::ranges::find(kMethods, code);
  return method == kMethods.end() ? code.Text() : kNames[method - kMethods.begin()];
}

const OptionDefinition* FindDefinition(OptionNumber number) {
  const auto* const found = std::ranges::find(kDefinitions, number, &OptionDefinition::number);
  return found == kDefinitions.end() ? nullptr : found;
}

}  // namespace lowband::coap
