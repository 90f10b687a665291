// The body of an answer while its client fetches it by blocks: the whole body, or a window that
// moves as the client gets on.
//
//   0        begin          end         until            size
//   ├─ passed ─┼──── kept ────┼─ to come ──┼── not asked for ─┤
//
// Threading: one thread. Ownership: of the bytes. Limits: a window is never exceeded.
#pragma once

#include <cstddef>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/coap/block.h"

namespace lowband::edge::request {

class KeptBody {
 public:
  KeptBody() = default;
  /// All of it.
  explicit KeptBody(Bytes whole)
      : size_(whole.size()), end_(whole.size()), bytes_(std::move(whole)) {}
  /// `window` bytes of `size`, from `from` on.
  KeptBody(size_t size, size_t from, size_t window) : size_(size), window_(window) {
    bytes_.reserve(window);
    Restart(from);
  }

  /// Of the whole body.
  size_t size() const { return size_; }
  /// The memory that it takes at most.
  size_t bytes_max() const { return window_ == 0 ? size_ : window_; }
  bool by_window() const { return window_ != 0; }
  /// All bytes that are kept.
  ByteView kept() const { return bytes_; }
  /// The offset of the next byte to come.
  size_t end() const { return end_; }

  bool Has(const coap::Block& block) const;
  /// True: the byte at `offset` is no longer kept.
  bool IsPast(size_t offset) const { return offset < begin_; }
  /// REQUIRES: Has(block).
  ByteView At(const coap::Block& block) const;
  /// The next piece.
  void Add(ByteView piece);
  /// The client has, or does not want, the bytes before `offset`. Returns how far the translator
  /// may send now, if that has changed.
  std::optional<size_t> Pass(size_t offset);
  /// The next piece begins at `from`.
  void Restart(size_t from);

 private:
  size_t size_ = 0;
  size_t window_ = 0;  ///< 0: whole.
  size_t begin_ = 0;
  size_t end_ = 0;
  Bytes bytes_;  ///< From `begin_` to `end_`.
};

}  // namespace lowband::edge::request
