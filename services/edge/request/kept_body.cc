#include "services/edge/request/kept_body.h"

#include <algorithm>
#include <cstdlib>

namespace lowband::edge::request {

bool KeptBody::Has(const coap::Block& block) const {
  const size_t block_end = std::min(block.offset() + block.size(), size_);
  return block.offset() >= begin_ && block_end <= end_;
}

ByteView KeptBody::At(const coap::Block& block) const {
  if (!Has(block)) std::abort();
  const ByteView rest = ByteView(bytes_).subspan(block.offset() - begin_);
  return rest.first(std::min(rest.size(), block.size()));
}

void KeptBody::Add(ByteView piece) {
  const size_t passed = std::min(piece.size(), begin_ - std::min(begin_, end_));
  Append(bytes_, piece.subspan(passed));
  end_ += piece.size();
}

std::optional<size_t> KeptBody::Pass(size_t offset) {
  if (!by_window()) return std::nullopt;
  // The client may have lost the last blocks. In steps, so that few blocks cause a credit.
  const size_t step = window_ / 4;
  const size_t begin = offset - std::min(offset, step);
  if (begin < begin_ + step) return std::nullopt;
  const size_t until = begin_ + window_;
  const size_t passed = std::min(begin, end_) - std::min(begin_, end_);
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(passed));
  begin_ = begin;
  return until < size_ ? std::optional(begin_ + window_) : std::nullopt;
}

void KeptBody::Restart(size_t from) {
  begin_ = end_ = std::min(from, size_);
  bytes_.clear();
}

}  // namespace lowband::edge::request
