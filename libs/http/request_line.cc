#include "libs/http/request_line.h"

#include <algorithm>

#include "libs/http/field.h"
#include "libs/http/limits.h"

namespace lowband::http {
namespace {

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
bool IsLetter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }
bool IsHexDigit(char byte) {
  return IsDigit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}
/// RFC 3986 §2.3, and the percent sign of an encoded byte.
bool IsOfName(char byte) {
  return IsLetter(byte) || IsDigit(byte) || byte == '-' || byte == '.' || byte == '_' ||
         byte == '~' || byte == '%';
}

Refusal Bad(Fault fault, std::string_view text) { return {400, fault, text}; }

/// Whether the version is HTTP/1.0 rather than HTTP/1.1.
Result<bool, Refusal> ReadVersion(std::string_view version) {
  if (version == "HTTP/1.1") return false;
  if (version == "HTTP/1.0") return true;
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                           IsDigit(version[5]) && version[6] == '.' && IsDigit(version[7]);
  // HTTP/0.9 has no version in its request line: a client that sends one uses another protocol.
  if (!well_formed || version[5] == '0') {
    return Failure(Bad(Fault::kRequestLine, "a request line that does not end in an HTTP version"));
  }
  return Failure(Refusal{505, Fault::kVersion, "only HTTP/1.1 and HTTP/1.0 are supported"});
}

/// The part after "http://" or "https://" (RFC 9110 §4.2); none in other targets.
std::optional<std::string_view> BehindScheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (SameToken(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
  }
  return std::nullopt;
}

Result<std::string_view, Refusal> ReadTarget(std::string_view target) {
  const auto bad = [](std::string_view text) { return Failure(Bad(Fault::kTarget, text)); };
  // RFC 3986 §2 requires more characters to be encoded. Browsers send these unencoded in queries,
  // and no reader splits a request line or a path at them; many stop reading at '#'.
  const auto is_allowed = [](char byte) { return byte > 0x20 && byte < 0x7f && byte != '#'; };
  if (!std::ranges::all_of(target, is_allowed))
    return bad("a request target with unencoded characters");
  std::string_view path_and_query = target;
  if (const auto behind = BehindScheme(target)) {
    const size_t end = std::min(behind->find_first_of("/?"), behind->size());
    if (!IsHostAndPort(behind->substr(0, end))) return bad("a request target without a plain host");
    path_and_query = behind->substr(end);
  } else if (!target.starts_with('/')) {
    return bad("a request target that is neither a path nor an http URL");
  }
  // Some servers read it as a slash, and then "/a\..\b" is another resource.
  const std::string_view path = path_and_query.substr(0, path_and_query.find('?'));
  if (path.find('\\') != std::string_view::npos) return bad("a backslash in a path");
  return path_and_query;
}

}  // namespace

std::string RequestLine::target() const {
  const bool has_path = path_and_query.starts_with('/');
  return (has_path ? "" : "/") + std::string(path_and_query);
}

std::optional<Refusal> WrongSoFar(std::string_view line) {
  const size_t space = line.find(' ');
  const std::string_view method = line.substr(0, space);
  // The first byte shows another protocol, above all TLS.
  if (!line.empty() && !IsToken(method)) {
    return Bad(Fault::kRequestLine, "a request line that does not start with a method");
  }
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view behind = line.substr(space + 1);
  if (std::min(behind.find(' '), behind.size()) > kTargetBytesMax) {
    return Refusal{414, Fault::kTargetTooLong, "the request target is too long"};
  }
  return std::nullopt;
}

Result<RequestLine, Refusal> ParseRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) {  // HTTP/0.9 as well
    return Failure(Bad(Fault::kRequestLine, "a request line of fewer than three parts"));
  }
  RequestLine result;
  result.method = line.substr(0, first);
  const auto http10 = ReadVersion(line.substr(second + 1));
  if (!http10) return Failure(http10.error());
  result.http10 = *http10;
  // Methods are case-sensitive, but not for every server.
  if (SameToken(result.method, "CONNECT") || SameToken(result.method, "TRACE")) {
    return Failure(Refusal{405, Fault::kMethod, "CONNECT and TRACE are not served"});
  }
  const auto target = ReadTarget(line.substr(first + 1, second - first - 1));
  if (!target) return Failure(target.error());
  result.path_and_query = *target;
  return result;
}

bool IsHostAndPort(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return false;
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const auto is_of_address = [](char byte) {
    return IsHexDigit(byte) || byte == ':' || byte == '.';
  };
  const bool plain =
      bracketed ? std::ranges::all_of(host, is_of_address) : std::ranges::all_of(host, IsOfName);
  if (host.empty() || !plain) return false;
  std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return true;
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);  // RFC 3986 §3.2.3: the port may be empty
  return rest.size() <= 5 && std::ranges::all_of(rest, IsDigit);
}

}  // namespace lowband::http
