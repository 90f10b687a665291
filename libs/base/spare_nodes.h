// Nodes of maps and lists whose entries come and go, kept for what is inserted next: an entry that
// lives as long as one request allocates nothing.
//
//   FindOrInsert ── known ──▶ it
//     └─ new ──▶ a spare node, its value as Erase() got it, or one of the heap's
//   Erase ── below the maximum ──▶ spare
//     └─ else ──▶ freed
//
// Threading: their owner's. Ownership: of the nodes they keep. Limits: the maximum of the
// constructor.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <utility>
#include <vector>

namespace lowband {

/// `Map`: std::unordered_map or std::map. Who erases an entry leaves its value fit for another key.
template <typename Map>
class SpareNodes {
 public:
  using Iterator = typename Map::iterator;

  explicit SpareNodes(size_t max) : max_(max) {}

  /// The entry of `key`, and whether it is new.
  std::pair<Iterator, bool> FindOrInsert(Map& map, const typename Map::key_type& key) {
    if (const auto found = map.find(key); found != map.end()) return {found, false};
    if (spares_.empty()) return map.try_emplace(key);
    auto node = std::move(spares_.back());
    spares_.pop_back();
    node.key() = key;
    return {map.insert(std::move(node)).position, true};
  }
  void Erase(Map& map, Iterator entry) {
    if (spares_.size() >= max_) {
      map.erase(entry);
    } else {
      spares_.push_back(map.extract(entry));
    }
  }
  size_t size() const { return spares_.size(); }

 private:
  const size_t max_;
  std::vector<typename Map::node_type> spares_;
};

/// The same for lists of one type, which share the spare nodes.
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
