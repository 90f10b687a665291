// Changes to the output that are put off until all of it is written, and then made in one sweep
// each, so that no byte moves once for each container around it.
//
// Drops take out map entries that another one of the same key replaced. Growths make the one-byte
// heads of CBOR containers that hold 24 or more items longer.
//
// Threading: one call of the transcoder. Limits: one entry for each dropped entry or grown head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lowband::transcode {

/// A container's head at `at` that must count to `count`.
struct Growth {
  uint32_t at;
  uint32_t count;
};

/// Heads to grow, always ascending by place.
class Growths {
 public:
  size_t size() const { return growths_.size(); }
  /// `base` is what size() was when the container was opened: those after it are inside it.
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

/// Ranges to take out. They may lie inside each other, but do not overlap otherwise.
class Drops {
 public:
  bool empty() const { return drops_.empty(); }
  void Add(uint32_t begin, uint32_t end) { drops_.push_back({begin, end}); }
  /// Takes the ranges out of `out` and returns its new size. Growths inside them vanish and others
  /// move along, if given.
  size_t Apply(uint8_t* out, size_t size, Growths* growths);

 private:
  struct Range {
    uint32_t begin;
    uint32_t end;
  };
  /// Leaves ascending ranges that do not lie inside each other.
  void Normalize();

  std::vector<Range> drops_;
};

}  // namespace lowband::transcode
