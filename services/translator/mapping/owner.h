// Whose a request is, for whatever is shared out among those who ask: the access token's, or, of a
// request without one, its client's network, which is one IPv4 address or IPv6 /56.
//
// An owner is a hash under a key that each process makes for itself, so that nobody can choose a
// token for the place that it gets, and no token is kept. A token that the homeserver would refuse
// is an owner too: only the homeserver knows.
//
// Threading: a pure function.
#pragma once

#include <array>
#include <string_view>

#include "libs/base/holdings.h"

namespace lowband::translator::mapping {

using OwnerKey = std::array<char, 16>;

/// `token`: empty, or whatever tells it (the whole value of Authorization, say), alike in all
/// requests of one transport. `client_address`: a literal, as far as it is known.
Owner OwnerOf(const OwnerKey& key, std::string_view token, std::string_view client_address);

}  // namespace lowband::translator::mapping
