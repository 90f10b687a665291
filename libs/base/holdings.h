// The holdings of each owner of a shared resource: their number, the owner's oldest one, and the
// owner with most. The user of this class makes the owner with most give up one, so that an owner
// with many requests never keeps out one with few.
//
// Threading: one thread. Limits: its user's. Each change costs the logarithm of the number of
// holdings.
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
  /// Ids count up: of two, the lower one is older. REQUIRES: `id` is not there.
  void Add(Owner owner, uint64_t id);
  /// REQUIRES: `id` is there.
  void Remove(Owner owner, uint64_t id);

  /// The number of holdings of `owner`.
  size_t Of(Owner owner) const;
  /// REQUIRES: `owner` has some.
  uint64_t Oldest(Owner owner) const;
  uint64_t Newest(Owner owner) const;
  /// The owner with most; among equals the highest hash. None: there are no holdings.
  std::optional<Owner> Most() const;
  size_t size() const { return size_; }

 private:
  void Rank(Owner owner, size_t before, size_t after);

  std::unordered_map<Owner, std::set<uint64_t>> ids_;
  std::set<std::pair<size_t, Owner>> by_count_;
  size_t size_ = 0;
};

}  // namespace lowband
