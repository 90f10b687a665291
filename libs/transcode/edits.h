// Changes to the output that are delayed until all of it is written, and then made in one sweep
// each, so that no byte moves once for each container around it.
//
// Drops remove map entries replaced by another one with the same key. Growths lengthen the one-byte
// heads of CBOR containers with 24 or more items.
//
// Threading: one call of the transcoder. Limits: one entry for each dropped entry or grown head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lowband::transcode {

/// A container's head at `at` with the item count `count`.
struct Growth {
  uint32_t at;
  uint32_t count;
};

/// Heads to grow, always ascending by place.
class Growths {
 public:
  size_t size() const { return growths_.size(); }
  /// `base` is the size() at the opening of the container: later growths are inside it.
  void Insert(size_t base, Growth growth) {
    growths_.insert(growths_.begin() + static_cast<ptrdiff_t>(base), growth);
  }
  std::span<const Growth> Inside(size_t base) const { return std::span(growths_).subspan(base); }
  /// Bytes that Apply() adds.
  size_t Added() const;
  /// Grows the heads within `out`. REQUIRES: room for Added() bytes behind `size`.
  void Apply(uint8_t* out, size_t size) const;

 private:
  friend class Drops;
  std::vector<Growth> growths_;
};

/// Ranges to remove. They may be nested, but do not overlap otherwise.
class Drops {
 public:
  bool empty() const { return drops_.empty(); }
  void Add(uint32_t begin, uint32_t end) { drops_.push_back({begin, end}); }
  /// Removes the ranges from `out` and returns its new size. Growths inside them are dropped and
  /// others adjusted, if given.
  size_t Apply(uint8_t* out, size_t size, Growths* growths);

 private:
  struct Range {
    uint32_t begin;
    uint32_t end;
  };
  /// Leaves ascending ranges without nesting.
  void Normalize();

  std::vector<Range> drops_;
};

}  // namespace lowband::transcode
