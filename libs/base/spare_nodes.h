// Nodes of lists with short-lived entries, kept for later entries: an entry with the life of one
// request allocates no memory. (For tables: node_table.h.)
//
// Threading: their owner's. Ownership: of the nodes they keep. Limits: the maximum of the
// constructor.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <utility>

namespace lowband {

/// For lists of one type, which share the spare nodes.
template <typename T>
class SpareListNodes {
 public:
  using List = std::list<T>;

  explicit SpareListNodes(size_t max) : max_(max) {}

  typename List::iterator Append(List& list, T value) {
    if (spares_.empty()) return list.insert(list.end(), std::move(value));
    list.splice(list.end(), spares_, spares_.begin());
    list.back() = std::move(value);
    return std::prev(list.end());
  }
  void Erase(List& list, typename List::iterator entry) {
    if (spares_.size() >= max_) {
      list.erase(entry);
    } else {
      spares_.splice(spares_.end(), list, entry);
    }
  }
  size_t size() const { return spares_.size(); }

 private:
  const size_t max_;
  List spares_;
};

}  // namespace lowband
