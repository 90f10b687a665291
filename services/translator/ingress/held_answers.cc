#include "services/translator/ingress/held_answers.h"

#include <algorithm>
#include <utility>

namespace lowband::translator::ingress {

HeldAnswers::Admission HeldAnswers::Admit(AnswerOwner owner, size_t bytes,
                                          std::weak_ptr<AnswerHolder> holder, uint64_t exchange) {
  Admission admission;
  const MutexLock lock(mutex_);
  while (bytes_ + bytes > bytes_max_ || !Fits(BytesOf(owner) + bytes)) {
    const auto victim = Victim(owner, bytes);
    if (!victim) return admission;
    admission.dropped.push_back(std::move(held_.at(*victim).answer));
    Erase(*victim);
  }
  const uint64_t id = ++last_id_;
  held_[id] = {owner, bytes, {std::move(holder), exchange}};
  Owned& owned = owners_[owner];
  owned.bytes += bytes;
  owned.ids.push_back(id);
  bytes_ += bytes;
  admission.place.emplace(*this, id);
  return admission;
}

size_t HeldAnswers::BytesOf(AnswerOwner owner) const {
  const auto it = owners_.find(owner);
  return it == owners_.end() ? 0 : it->second.bytes;
}

std::optional<uint64_t> HeldAnswers::Victim(AnswerOwner owner, size_t bytes) const {
  const size_t own_bytes = BytesOf(owner);
  const size_t with_it = own_bytes + bytes;
  const auto heaviest =
      std::ranges::max_element(owners_, {}, [](const auto& entry) { return entry.second.bytes; });
  if (heaviest == owners_.end()) return std::nullopt;
  if (Fits(with_it) && heaviest->first != owner && heaviest->second.bytes > with_it) {
    return Largest(heaviest->second.ids);
  }
  // An owner that requests anew may have lost its earlier answers.
  if (own_bytes == 0 || bytes_ - own_bytes + bytes > bytes_max_) return std::nullopt;
  return owners_.at(owner).ids.front();
}

uint64_t HeldAnswers::Largest(const std::vector<uint64_t>& ids) const {
  uint64_t largest = ids.front();
  for (const uint64_t id : ids) {
    if (held_.at(id).bytes > held_.at(largest).bytes) largest = id;
  }
  return largest;
}

void HeldAnswers::Leave(uint64_t id) {
  const MutexLock lock(mutex_);
  if (held_.contains(id)) Erase(id);
}

void HeldAnswers::Erase(uint64_t id) {
  const auto it = held_.find(id);
  const auto owner = owners_.find(it->second.owner);
  owner->second.bytes -= it->second.bytes;
  std::erase(owner->second.ids, id);
  if (owner->second.ids.empty()) owners_.erase(owner);
  bytes_ -= it->second.bytes;
  held_.erase(it);
}

size_t HeldAnswers::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

size_t HeldAnswers::size() const {
  const MutexLock lock(mutex_);
  return held_.size();
}

}  // namespace lowband::translator::ingress
