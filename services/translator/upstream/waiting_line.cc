#include "services/translator/upstream/waiting_line.h"

namespace lowband::translator::upstream {

void WaitingLine::Join(Owner owner, uint64_t id, size_t rank) {
  waiting_.Add(owner, id);
  if (!seats_.contains(owner)) Sit(owner, {rank, ++last_turn_});
}

void WaitingLine::Leave(Owner owner, uint64_t id) {
  waiting_.Remove(owner, id);
  if (waiting_.Of(owner) == 0) Stand(owner);
}

void WaitingLine::SetRank(Owner owner, size_t rank) {
  const auto found = seats_.find(owner);
  if (found == seats_.end() || found->second.rank == rank) return;
  const uint64_t turn = found->second.turn;
  Stand(owner);
  Sit(owner, {rank, turn});
}

std::optional<WaitingLine::Front> WaitingLine::First() const {
  if (order_.empty()) return std::nullopt;
  const auto& [rank, turn, owner] = *order_.begin();
  return Front{rank, owner};
}

uint64_t WaitingLine::Take(Owner owner) {
  const uint64_t id = waiting_.Oldest(owner);
  const size_t rank = seats_.at(owner).rank;
  waiting_.Remove(owner, id);
  Stand(owner);
  if (waiting_.Of(owner) > 0) Sit(owner, {rank, ++last_turn_});
  return id;
}

void WaitingLine::Sit(Owner owner, Seat seat) {
  seats_.emplace(owner, seat);
  order_.emplace(seat.rank, seat.turn, owner);
}

void WaitingLine::Stand(Owner owner) {
  const auto found = seats_.find(owner);
  order_.erase({found->second.rank, found->second.turn, owner});
  seats_.erase(found);
}

}  // namespace lowband::translator::upstream
