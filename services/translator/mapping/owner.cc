#include "services/translator/mapping/owner.h"

#include <functional>
#include <string>

#include "libs/base/address_prefix.h"

namespace lowband::translator::mapping {
namespace {

std::string NetworkOf(std::string_view client_address) {
  const auto address = SocketAddress::FromLiteral(client_address, 0);
  if (!address) return std::string(client_address);
  return std::to_string(LeadingBytes(*address, kCustomerIpv6Bytes));
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

}  // namespace lowband::translator::mapping
