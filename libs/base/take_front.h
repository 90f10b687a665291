// Takes the front of a queue: by it a stage's caller drains its output, piece by piece.
#pragma once

#include <deque>
#include <optional>
#include <utility>

namespace lowband {

/// None: the queue is empty.
template <typename T>
std::optional<T> TakeFront(std::deque<T>& queue) {
  if (queue.empty()) return std::nullopt;
  std::optional<T> front(std::move(queue.front()));
  queue.pop_front();
  return front;
}

}  // namespace lowband
