// The owner of bookings in the shared limits of the message layer: confirmable messages under way,
// and answers kept for duplicates.
//
// Threading: values.
#pragma once

#include <cstddef>
#include <tuple>

#include "services/edge/admission/ledger.h"

namespace lowband::edge::message {

struct Owner {
  admission::Network network{};
  admission::Standing standing = admission::Standing::kUnproven;
  friend bool operator==(const Owner&, const Owner&) = default;
  friend bool operator<(const Owner& a, const Owner& b) {
    return std::tie(a.network, a.standing) < std::tie(b.network, b.standing);
  }
  admission::Holder HolderOn(unsigned worker) const { return {network, standing, worker}; }
};

struct OwnerHash {
  size_t operator()(const Owner& owner) const {
    return static_cast<size_t>(owner.network) * 2 + static_cast<size_t>(owner.standing);
  }
};

}  // namespace lowband::edge::message
