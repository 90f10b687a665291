// The owner of a request, for fair shares of resources: its access token, or, without one, its
// client's network, which is one IPv4 address or IPv6 /56.
//
// An owner is a hash under a key that each process makes for itself, so that a client cannot choose
// a token by its hash, and no token is kept. A token that the homeserver would refuse is an owner
// too, since only the homeserver can tell.
//
// Threading: a pure function.
#pragma once

#include <array>
#include <string_view>

#include "libs/base/holdings.h"

namespace lowband::translator::mapping {

using OwnerKey = std::array<char, 16>;

/// `token`: empty, or a text that identifies it (such as the whole value of Authorization), equal
/// in all requests of one transport. `client_address`: a literal, as far as it is known.
Owner OwnerOf(const OwnerKey& key, std::string_view token, std::string_view client_address);

}  // namespace lowband::translator::mapping
