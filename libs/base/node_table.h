// A hash table for short-lived entries: they do not move in memory, and their nodes are reused for
// later entries, so that an entry with the life of one request allocates no memory.
//
//   FindOrInsert ── known ──▶ it
//     └─ new ──▶ a spare node, its value as Erase() got it, or one of the heap's
//   Erase ── below the maximum ──▶ spare
//     └─ else ──▶ freed
//
// std::unordered_map divides by a prime for each search, and again for each neighbour of an
// inserted or erased entry, which is most of its cost; this one multiplies and shifts.
//
// An entry's bucket depends on a random number of the process: an attacker who chooses keys cannot
// choose keys that share a bucket.
//
// Threading: its owner's. Ownership: owns its nodes; a returned pointer is valid until its entry is
// erased.
// Limits: spare nodes, by the constructor; the room for buckets never shrinks.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "libs/base/random.h"

namespace lowband {

/// Before Erase, the caller leaves the value ready for another key.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class NodeTable {
 public:
  explicit NodeTable(size_t spares_max) : spares_max_(spares_max), buckets_(kBucketsMin) {}
  NodeTable(const NodeTable&) = delete;
  NodeTable& operator=(const NodeTable&) = delete;
  ~NodeTable() {
    // One by one, since a recursive destructor of a long chain could overflow the stack.
    for (std::unique_ptr<Node>& chain : buckets_) {
      while (chain != nullptr) chain = std::move(chain->next);
    }
  }

  /// Null if there is none.
  Value* Find(const Key& key) { return FindIn(BucketOf(key), key); }
  const Value* Find(const Key& key) const { return FindIn(BucketOf(key), key); }

  struct Found {
    Value& value;
    bool fresh;
  };
  Found FindOrInsert(const Key& key) {
    const size_t bucket = BucketOf(key);
    if (Value* known = FindIn(bucket, key)) return {*known, false};
    std::unique_ptr<Node> node;
    if (spares_.empty()) {
      node = std::make_unique<Node>();
    } else {
      node = std::move(spares_.back());
      spares_.pop_back();
    }
    node->key = key;
    node->next = std::move(buckets_[bucket]);
    Value& value = node->value;
    buckets_[bucket] = std::move(node);
    if (++size_ > buckets_.size()) Grow();
    return {value, true};
  }

  /// REQUIRES: `key` is there.
  void Erase(const Key& key) {
    std::unique_ptr<Node>* place = &buckets_[BucketOf(key)];
    while (*place != nullptr && !((*place)->key == key)) place = &(*place)->next;
    if (*place == nullptr) std::abort();
    std::unique_ptr<Node> node = std::move(*place);
    *place = std::move(node->next);
    --size_;
    if (spares_.size() < spares_max_) spares_.push_back(std::move(node));
  }

  /// `visit(key, value)` for each entry, in no order. It must not insert or erase.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (const std::unique_ptr<Node>& chain : buckets_) {
      for (Node* node = chain.get(); node != nullptr; node = node->next.get()) {
        visit(std::as_const(node->key), node->value);
      }
    }
  }

  size_t size() const { return size_; }
  size_t spares() const { return spares_.size(); }

 private:
  struct Node {
    Key key{};
    Value value{};
    std::unique_ptr<Node> next;
  };
  static constexpr size_t kBucketsMin = 16;

  size_t BucketOf(const Key& key) const {
    return static_cast<size_t>(uint64_t{Hash()(key)} * mixer_ >> shift_);
  }
  Value* FindIn(size_t bucket, const Key& key) const {
    Node* node = buckets_[bucket].get();
    while (node != nullptr && !(node->key == key)) node = node->next.get();
    return node == nullptr ? nullptr : &node->value;
  }
  void Grow() {
    std::vector<std::unique_ptr<Node>> before(buckets_.size() * 2);
    std::swap(before, buckets_);
    --shift_;
    for (std::unique_ptr<Node>& chain : before) {
      while (chain != nullptr) {
        std::unique_ptr<Node> node = std::move(chain);
        chain = std::move(node->next);
        std::unique_ptr<Node>& place = buckets_[BucketOf(node->key)];
        node->next = std::move(place);
        place = std::move(node);
      }
    }
  }

  const size_t spares_max_;
  /// Keys differ in a few bits, mostly low ones; the upper bits of the product depend on all.
  const uint64_t mixer_ = ProcessMixer();
  std::vector<std::unique_ptr<Node>> buckets_;  ///< A power of two.
  unsigned shift_ = 64 - std::countr_zero(kBucketsMin);
  size_t size_ = 0;
  std::vector<std::unique_ptr<Node>> spares_;
};

}  // namespace lowband
