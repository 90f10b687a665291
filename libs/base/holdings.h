// What each owner has of something that is shared out: how many, which is its oldest, and who has
// most. Whoever shares it out lets the one who has most make room, so that nobody who asks for much
// keeps out who asks for little.
//
// Threading: one thread. Limits: its user's. Each change costs the logarithm of what there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace lowband {

/// An access token or a client's network, by a hash under a key of the process.
using Owner = uint64_t;

class Holdings {
 public:
  /// Ids count up: of two, the lower one is older. REQUIRES: it is not there.
  void Add(Owner owner, uint64_t id);
  /// REQUIRES: it is there.
  void Remove(Owner owner, uint64_t id);

  /// How many `owner` has.
  size_t Of(Owner owner) const;
  /// REQUIRES: `owner` has some.
  uint64_t Oldest(Owner owner) const;
  uint64_t Newest(Owner owner) const;
  /// Who has most; among equals the highest hash. None: nobody has anything.
  std::optional<Owner> Most() const;
  size_t size() const { return size_; }

 private:
  void Rank(Owner owner, size_t before, size_t after);

  std::unordered_map<Owner, std::set<uint64_t>> ids_;
  std::set<std::pair<size_t, Owner>> by_count_;
  size_t size_ = 0;
};

}  // namespace lowband
