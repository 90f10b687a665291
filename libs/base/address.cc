#include "libs/base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace lowband {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The number of the interface named by a zone; none if there is none.
std::optional<uint32_t> ZoneNumber(const std::string& zone) {
  if (const unsigned index = if_nametoindex(zone.c_str()); index != 0) return index;
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), number);
  std::array<char, IF_NAMESIZE> name{};
  if (error != std::errc() || end != zone.data() + zone.size() ||
      if_indextoname(number, name.data()) == nullptr) {
    return std::nullopt;
  }
  return number;
}

std::string ZoneText(uint32_t scope) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(scope, name.data()) != nullptr) return name.data();
  return std::to_string(scope);
}

}  // namespace

SocketAddress SocketAddress::FromSockaddr(const sockaddr_storage& raw) {
  SocketAddress out;
  if (raw.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(raw);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.ip_.begin());
    std::memcpy(out.ip_.data() + 12, &in.sin_addr, 4);
    out.port_ = ntohs(in.sin_port);
  } else if (raw.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(raw);
    std::memcpy(out.ip_.data(), &in.sin6_addr, 16);
    out.scope_ = in.sin6_scope_id;
    out.port_ = ntohs(in.sin6_port);
  }
  return out;
}

Result<SocketAddress, std::string> SocketAddress::FromLiteral(std::string_view host,
                                                              uint16_t port) {
  const std::string whole(host);
  const size_t percent = host.find('%');
  const std::string text(host.substr(0, percent));
  sockaddr_storage raw{};
  if (auto* in = reinterpret_cast<sockaddr_in*>(&raw);
      percent == std::string_view::npos && inet_pton(AF_INET, text.c_str(), &in->sin_addr) == 1) {
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    return FromSockaddr(raw);
  }
  if (auto* in = reinterpret_cast<sockaddr_in6*>(&raw);
      inet_pton(AF_INET6, text.c_str(), &in->sin6_addr) == 1) {
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    if (percent == std::string_view::npos) return FromSockaddr(raw);
    const auto zone = ZoneNumber(std::string(host.substr(percent + 1)));
    if (!zone) {
      return Failure("\"" + whole + "\": this machine has no network interface \"" +
                     std::string(host.substr(percent + 1)) + "\"");
    }
    in->sin6_scope_id = *zone;
    return FromSockaddr(raw);
  }
  return Failure("\"" + whole + "\" is not an IPv4 or IPv6 address");
}

socklen_t SocketAddress::ToSockaddr(int family, sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof(out));
  if (family == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(out);
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, ip_.data() + 12, 4);
    return sizeof(in);
  }
  auto& in = reinterpret_cast<sockaddr_in6&>(out);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  in.sin6_scope_id = scope_;
  std::memcpy(&in.sin6_addr, ip_.data(), 16);
  return sizeof(in);
}

SocketAddress SocketAddress::WithPort(uint16_t port) const {
  SocketAddress out = *this;
  out.port_ = port;
  return out;
}

SocketAddress SocketAddress::WithLocalIp(const std::array<uint8_t, 16>& ip) const {
  SocketAddress out = *this;
  out.local_ip_ = ip;
  return out;
}

bool SocketAddress::is_ipv4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip_.begin());
}

bool SocketAddress::is_loopback() const {
  if (is_ipv4()) return ip_[12] == 127;
  return std::all_of(ip_.begin(), ip_.end() - 1, [](uint8_t b) { return b == 0; }) && ip_[15] == 1;
}

bool SocketAddress::is_private() const {
  if (is_loopback()) return true;
  if (is_ipv4()) {
    const uint8_t a = ip_[12];
    const uint8_t b = ip_[13];
    return a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168) ||
           (a == 169 && b == 254);
  }
  return (ip_[0] & 0xfe) == 0xfc || (ip_[0] == 0xfe && (ip_[1] & 0xc0) == 0x80);
}

std::string SocketAddress::HostText() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_ipv4()) {
    inet_ntop(AF_INET, ip_.data() + 12, text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, ip_.data(), text, sizeof(text));
  }
  return text;
}

std::string SocketAddress::ZonedHostText() const {
  return scope_ == 0 ? HostText() : HostText() + "%" + ZoneText(scope_);
}

std::string SocketAddress::Text() const {
  const std::string port = std::to_string(port_);
  return is_ipv4() ? HostText() + ":" + port : "[" + ZonedHostText() + "]:" + port;
}

Result<BindAddress, std::string> ParseBindAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Failure("\"" + std::string(text) + "\" has no port: write HOST:PORT or :PORT");
  }
  std::string host(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Failure("\"" + std::string(digits) + "\" is not a port number (0 to 65535)");
  }
  if (host.empty()) {
    return BindAddress{*SocketAddress::FromLiteral("::", port), true};
  }
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "*") return BindAddress{*SocketAddress::FromLiteral("::", port), true};
  auto literal = SocketAddress::FromLiteral(host, port);
  if (literal) return BindAddress{*literal, false};
  // No resolver knows such a name, and its error would hide the fault of the zone.
  if (host.find('%') != std::string::npos) return Failure(std::move(literal.error()));
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return Failure("host \"" + host + "\" cannot be resolved: " + gai_strerror(code));
  }
  sockaddr_storage raw{};
  std::memcpy(&raw, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  if (raw.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(raw).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(raw).sin6_port = htons(port);
  }
  return BindAddress{SocketAddress::FromSockaddr(raw), false};
}

}  // namespace lowband

size_t std::hash<lowband::SocketAddress>::operator()(
    const lowband::SocketAddress& address) const noexcept {
  uint64_t words[2];
  std::memcpy(words, address.ip().data(), sizeof(words));
  // Multiply-and-fold spreads neighbouring ports and addresses over the table.
  uint64_t mixed = (words[0] ^ 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
  mixed = (mixed ^ (mixed >> 32) ^ words[1] ^ address.port()) * 0xc4ceb9fe1a85ec53ULL;
  return static_cast<size_t>(mixed ^ (mixed >> 29));
}
