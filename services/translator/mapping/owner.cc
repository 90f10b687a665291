#include "services/translator/mapping/owner.h"

#include <functional>
#include <string>

#include "libs/base/address.h"

namespace lowband::translator {
namespace {

constexpr size_t kIpv6PrefixBytes = 7;

std::string NetworkOf(std::string_view client_address) {
  const auto address = SocketAddress::FromLiteral(client_address, 0);
  if (!address) return std::string(client_address);
  const auto& ip = address->ip();
  // IPv4 in its mapped form, whole.
  return {ip.begin(), address->is_ipv4() ? ip.end() : ip.begin() + kIpv6PrefixBytes};
}

}  // namespace

Owner OwnerOf(const OwnerKey& key, std::string_view token, std::string_view client_address) {
  std::string text(key.data(), key.size());
  // The byte between keeps tokens and networks apart.
  if (token.empty()) {
    text.append("@").append(NetworkOf(client_address));
  } else {
    text.append("=").append(token);
  }
  return std::hash<std::string>()(text);
}

}  // namespace lowband::translator
