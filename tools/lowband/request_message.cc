#include "tools/lowband/request_message.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "libs/client/options.h"
#include "libs/transcode/path_table.h"
#include "tools/lowband/connect_options.h"
#include "tools/lowband/convert.h"

namespace lowband::tools {
namespace {

using coap::OptionNumber;

struct MediaFormat {
  std::string_view media_type;
  uint16_t number;
};
constexpr std::array kFormats = {
    MediaFormat{"application/cbor", coap::kFormatCbor},
    MediaFormat{"application/json", coap::kFormatJson},
    MediaFormat{"application/cbor, deflate", coap::kFormatCborDeflate},
    MediaFormat{"application/json, deflate", coap::kFormatJsonDeflate},
    MediaFormat{"application/vnd.lowband.packed", coap::kFormatPacked},
    MediaFormat{"application/octet-stream", coap::kFormatOctets},
    MediaFormat{"text/plain", coap::kFormatText},
};

struct Method {
  std::string_view name;
  coap::Code code;
};
constexpr std::array kMethods = {
    Method{"GET", coap::kGet},       Method{"POST", coap::kPost},   Method{"PUT", coap::kPut},
    Method{"DELETE", coap::kDelete}, Method{"FETCH", coap::kFetch},
};

/// The format under a compression; formats without such a variant stay.
uint16_t Compressed(uint16_t format, Compression compression) {
  if (compression == Compression::kNone) return format;
  const bool packs = compression == Compression::kPacked;
  switch (format) {
    case coap::kFormatCbor: return packs ? coap::kFormatPacked : coap::kFormatCborDeflate;
    case coap::kFormatJson: return coap::kFormatJsonDeflate;
    default: return format;
  }
}

/// The compression of a body with this Content-Format.
Compression CompressionOf(std::optional<uint32_t> format) {
  if (format == coap::kFormatPacked) return Compression::kPacked;
  const bool deflated = format == coap::kFormatCborDeflate || format == coap::kFormatJsonDeflate;
  return deflated ? Compression::kDeflate : Compression::kNone;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The number of a media type; parameters (charset) have no meaning in CoAP.
std::optional<uint16_t> FormatNumber(std::string_view media_type) {
  const std::string wanted = Lower(Trim(media_type.substr(0, media_type.find(';'))));
  const auto* const found = std::ranges::find(kFormats, wanted, &MediaFormat::media_type);
  if (found == kFormats.end()) return std::nullopt;
  return found->number;
}

// The values from the headers.
struct Headers {
  std::string token;
  std::optional<uint16_t> content_format;
  std::optional<uint16_t> accept;
  std::string user_agent;
  std::vector<client::OutgoingOption> versions;  ///< If-Match, ETag.
  std::vector<std::string> ignored;
};

// None if it has no option in CoAP: "*" is possible only for If-Match.
std::optional<client::OutgoingOption> VersionOption(std::string_view name, std::string_view value) {
  const bool match = name == "if-match";
  const OptionNumber number = match ? OptionNumber::kIfMatch : OptionNumber::kETag;
  if (match && value == "*") return client::OutgoingOption{number, {}};
  if (value.starts_with("0x")) value.remove_prefix(2);
  const auto bytes = FromHex(value);
  if (!bytes || bytes->empty() || bytes->size() > coap::kEntityTagBytesMax) return std::nullopt;
  return client::OutgoingOption{number, *bytes};
}

Result<Headers, std::string> ReadHeaders(const std::vector<std::string>& lines) {
  Headers headers;
  for (const std::string& line : lines) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) return Failure("the header \"" + line + "\" has no colon");
    const std::string name = Lower(Trim(std::string_view(line).substr(0, colon)));
    const std::string_view value = Trim(std::string_view(line).substr(colon + 1));
    if (name == "authorization") {
      constexpr std::string_view kBearer = "bearer ";
      if (!Lower(value).starts_with(kBearer)) {
        return Failure(std::string("the header Authorization must be \"Bearer TOKEN\""));
      }
      headers.token = Trim(value.substr(kBearer.size()));
    } else if (name == "content-type" || (name == "accept" && value != "*/*")) {
      const auto format = FormatNumber(value);
      if (!format) {
        return Failure("the header " + name + ": \"" + std::string(value) +
                       "\" has no CoAP content format");
      }
      (name == "accept" ? headers.accept : headers.content_format) = format;
    } else if (name == "if-match" || name == "if-none-match") {
      auto option = VersionOption(name, value);
      if (!option) {
        return Failure("the header " + name + ": \"" + std::string(value) +
                       "\" is no ETag as -i shows it, of 1 to 8 bytes in hexadecimal");
      }
      headers.versions.push_back(std::move(*option));
    } else if (name == "user-agent") {
      if (const std::string problem = UserAgentProblem(value); !problem.empty()) {
        return Failure("the header User-Agent " + problem);
      }
      headers.user_agent = value;
    } else if (name != "accept") {
      headers.ignored.push_back(line.substr(0, colon));
    }
  }
  return headers;
}

std::vector<std::string> PathOf(const Url& url, const MessageOptions& options) {
  if (!options.path_codes) return url.path;
  // A server with the packed format has the codes of Lowband.
  return options.compression == Compression::kPacked ? transcode::CompressForLowband(url.path)
                                                     : transcode::Compress(url.path);
}

void AddPath(const Url& url, const MessageOptions& message,
             std::vector<client::OutgoingOption>& options) {
  const auto segments = PathOf(url, message);
  for (const std::string& segment : segments) {
    options.push_back(client::TextOption(OptionNumber::kUriPath, segment));
  }
  for (const std::string& query : url.queries) {
    options.push_back(client::TextOption(OptionNumber::kUriQuery, query));
  }
}

// Frequent requests whose answer Matrix clients ignore.
bool IsTypingOrReceipt(coap::Code method, const std::vector<std::string>& path) {
  constexpr size_t kRooms = 3;
  constexpr size_t kWhat = 5;
  if (path.size() <= kWhat || path[0] != "_matrix" || path[1] != "client") return false;
  if (path[kRooms] != "rooms") return false;
  return (method == coap::kPut && path[kWhat] == "typing") ||
         (method == coap::kPost && path[kWhat] == "receipt");
}

}  // namespace

std::optional<coap::Code> MethodFromName(const std::string& name) {
  const auto* const found = std::ranges::find(kMethods, name, &Method::name);
  if (found == kMethods.end()) return std::nullopt;
  return found->code;
}

Result<BuiltRequest, std::string> BuildRequest(const MessageOptions& options, const Url& url,
                                               ByteView body) {
  auto headers = ReadHeaders(options.headers);
  if (!headers) return Failure(headers.error());
  BuiltRequest built;
  built.ignored_headers = std::move(headers->ignored);
  client::Request& request = built.request;
  request.confirmable = options.confirmable;
  const std::string name =
      !options.method.empty() ? options.method : std::string(body.empty() ? "GET" : "POST");
  const auto method = MethodFromName(name);
  if (!method) return Failure("the method " + name + " is none of GET, POST, PUT, DELETE, FETCH");
  request.method = *method;
  request.no_response = options.no_response.value_or(IsTypingOrReceipt(*method, url.path));
  AddPath(url, options, request.options);
  const std::string& token = options.token.empty() ? headers->token : options.token;
  if (!token.empty()) {
    request.options.push_back(client::TextOption(OptionNumber::kMatrixAccessToken, token));
  }
  if (options.key_table) {
    request.options.push_back(
        client::UintOption(OptionNumber::kMatrixKeyTableVersion, *options.key_table));
  }
  if (options.compression != Compression::kNone) {
    headers->accept = Compressed(headers->accept.value_or(coap::kFormatCbor), options.compression);
  }
  if (headers->accept) {
    request.options.push_back(client::UintOption(OptionNumber::kAccept, *headers->accept));
  }
  std::ranges::move(headers->versions, std::back_inserter(request.options));
  if (!headers->user_agent.empty()) {
    request.options.push_back(client::TextOption(OptionNumber::kUserAgent, headers->user_agent));
  }
  if (body.empty()) return built;
  uint16_t format = coap::kFormatCbor;
  if (options.raw_cbor || headers->content_format) {
    format = headers->content_format.value_or(coap::kFormatCbor);
    request.body.assign(body.begin(), body.end());
  } else {
    const auto keys =
        options.key_table == 0u ? transcode::KeyTable::kStrings : transcode::KeyTable::kV1;
    const auto done = transcode::JsonToCbor(AsText(body), request.body, keys);
    if (!done) {
      return Failure("the body is no JSON: " + done.error().Text() +
                     " (--cbor or a Content-Type header send it as it is)");
    }
  }
  if (const uint16_t other = Compressed(format, options.compression); other != format) {
    if (auto shorter = CompressCbor(CompressionOf(other), request.body)) {
      request.body = std::move(*shorter);
      format = other;
    }
  }
  request.options.push_back(client::UintOption(OptionNumber::kContentFormat, format));
  return built;
}

std::optional<std::string> BodyAsJson(const client::Response& response) {
  if (response.body.empty()) return std::nullopt;
  auto format = client::FindUint(response.options, OptionNumber::kContentFormat);
  Bytes plain;
  ByteView body = response.body;
  if (const Compression compression = CompressionOf(format); compression != Compression::kNone) {
    auto inside = UncompressCbor(compression, body);
    if (!inside || inside->empty()) return std::nullopt;
    plain = std::move(*inside);
    body = plain;
    format = format == coap::kFormatJsonDeflate ? coap::kFormatJson : coap::kFormatCbor;
  }
  // No JSON text begins with such a byte, and every CBOR map does.
  const bool looks_like_cbor = body[0] >= 0x80 && format != coap::kFormatText;
  if (format != coap::kFormatCbor && !looks_like_cbor) {
    if (format != coap::kFormatJson) return std::nullopt;
    return std::string(AsText(body));
  }
  std::string json;
  if (!transcode::CborToJson(body, json, transcode::Order::kSource, transcode::Rules::kResponse)) {
    return std::nullopt;
  }
  return json;
}

std::string FormatName(uint32_t format) {
  const auto* const found = std::ranges::find(kFormats, format, &MediaFormat::number);
  return found == kFormats.end() ? std::to_string(format) : std::string(found->media_type);
}

}  // namespace lowband::tools
