#include "libs/base/holdings.h"

namespace lowband {

void Holdings::Add(Owner owner, uint64_t id) {
  std::set<uint64_t>& own = ids_[owner];
  own.insert(id);
  Rank(owner, own.size() - 1, own.size());
  ++size_;
}

void Holdings::Remove(Owner owner, uint64_t id) {
  const auto own = ids_.find(owner);
  own->second.erase(id);
  const size_t left = own->second.size();
  if (left == 0) ids_.erase(own);
  Rank(owner, left + 1, left);
  --size_;
}

void Holdings::Rank(Owner owner, size_t before, size_t after) {
  by_count_.erase({before, owner});
  if (after > 0) by_count_.insert({after, owner});
}

size_t Holdings::Of(Owner owner) const {
  const auto own = ids_.find(owner);
  return own == ids_.end() ? 0 : own->second.size();
}

uint64_t Holdings::Oldest(Owner owner) const { return *ids_.at(owner).begin(); }
uint64_t Holdings::Newest(Owner owner) const { return *ids_.at(owner).rbegin(); }

std::optional<Owner> Holdings::Most() const {
  if (by_count_.empty()) return std::nullopt;
  return by_count_.rbegin()->second;
}

}  // namespace lowband
