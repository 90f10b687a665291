#include "libs/grpc/target.h"

#include <sys/un.h>

#include <charconv>
#include <optional>

#include "libs/base/address.h"

namespace lowband {
namespace {

constexpr std::string_view kForms =
    "write dns:///HOST:PORT, HOST:PORT, ipv4:ADDRESS:PORT, ipv6:[ADDRESS]:PORT or unix:PATH";

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

struct HostPort {
  std::string_view host;
  bool bracketed = false;
};

/// Splits at the port, which must be there: without one gRPC would silently use 443.
Result<HostPort, std::string> SplitPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  const size_t bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return Failure(Quoted(text) + " names no port; write HOST:PORT");
  }
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Failure(Quoted(digits) + " is not a port (0 to 65535)");
  }
  HostPort out{text.substr(0, colon)};
  if (out.host.size() >= 2 && out.host.front() == '[' && out.host.back() == ']') {
    out.host = out.host.substr(1, out.host.size() - 2);
    out.bracketed = true;
  }
  if (!out.bracketed && out.host.find(':') != std::string_view::npos) {
    return Failure("an IPv6 address needs brackets: [" + std::string(out.host) +
                   "]:" + std::string(digits));
  }
  return out;
}

bool IsLocalhostName(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  // RFC 6761 §6.3: these names never leave the machine.
  return host == "localhost" || host.ends_with(".localhost") || host == "ip6-localhost" ||
         host == "ip6-loopback";
}

bool IsLocalHost(std::string_view host) {
  const auto literal = SocketAddress::FromLiteral(host, 0);
  return literal ? literal->is_loopback() : IsLocalhostName(host);
}

Result<bool, std::string> HostIsLocal(std::string_view text) {
  const auto split = SplitPort(text);
  if (!split) return Failure(split.error());
  if (split->host.empty()) return Failure(Quoted(text) + " names no host");
  return IsLocalHost(split->host);
}

/// `ipv4:` and `ipv6:` take several addresses.
Result<bool, std::string> AllLiteralsLocal(std::string_view list) {
  bool local = true;
  while (true) {
    const size_t comma = list.find(',');
    const std::string_view one = list.substr(0, comma);
    const auto split = SplitPort(one);
    if (!split) return Failure(split.error());
    const auto literal = SocketAddress::FromLiteral(split->host, 0);
    if (!literal) return Failure(Quoted(one) + " is not an address and a port");
    local = local && literal->is_loopback();
    if (comma == std::string_view::npos) return local;
    list = list.substr(comma + 1);
  }
}

Result<bool, std::string> CheckUnixPath(std::string_view path) {
  if (path.empty()) return Failure(std::string("unix: names no path"));
  // One byte of sun_path is the terminator.
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Failure("the path " + Quoted(path) + " is too long for a unix socket (over " +
                   std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes)");
  }
  return true;
}

std::optional<std::string_view> After(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

Result<bool, std::string> IsLocalTarget(std::string_view text) {
  if (const auto path = After(text, "unix://")) {
    if (!path->starts_with('/')) return Failure(std::string("unix:// takes an absolute path"));
    return CheckUnixPath(*path);
  }
  if (const auto path = After(text, "unix:")) return CheckUnixPath(*path);
  if (const auto list = After(text, "ipv4:")) return AllLiteralsLocal(*list);
  if (const auto list = After(text, "ipv6:")) return AllLiteralsLocal(*list);
  if (const auto rest = After(text, "dns://")) {
    // dns://AUTHORITY/HOST:PORT; the authority is the name server, mostly none.
    const size_t slash = rest->find('/');
    if (slash == std::string_view::npos) {
      return Failure(Quoted(text) + ": dns: takes three slashes, dns:///HOST:PORT");
    }
    auto local = HostIsLocal(rest->substr(slash + 1));
    if (!local) return local;
    // Another name server may resolve localhost to any address.
    return *local && slash == 0;
  }
  if (const auto rest = After(text, "dns:")) return HostIsLocal(*rest);
  if (text.find("://") != std::string_view::npos || text.find('/') != std::string_view::npos) {
    return Failure(Quoted(text) + " is not the name of a gRPC server; " + std::string(kForms));
  }
  return HostIsLocal(text);
}

}  // namespace

Result<GrpcTarget, std::string> ParseGrpcTarget(std::string_view text) {
  if (text.empty()) return Failure("is empty; " + std::string(kForms));
  const auto local = IsLocalTarget(text);
  if (!local) return Failure(local.error());
  return GrpcTarget{std::string(text), *local};
}

Result<GrpcTarget, std::string> ParseGrpcListenAddress(std::string_view text) {
  if (text.starts_with("unix:")) return ParseGrpcTarget(text);
  const auto split = SplitPort(text);
  if (!split) return Failure(split.error());
  if (split->host.empty()) {
    // For [::] gRPC listens on IPv4 too.
    return GrpcTarget{"[::]" + std::string(text), false};
  }
  if (SocketAddress::FromLiteral(split->host, 0) || IsLocalhostName(split->host)) {
    return GrpcTarget{std::string(text), IsLocalHost(split->host)};
  }
  return Failure(Quoted(split->host) +
                 " is not an address to listen on; write ADDRESS:PORT, :PORT or unix:PATH");
}

}  // namespace lowband
