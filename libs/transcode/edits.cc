#include "libs/transcode/edits.h"

#include <algorithm>
#include <cstring>

#include "libs/transcode/cbor_head.h"

namespace lowband::transcode {

size_t Growths::Added() const {
  size_t added = 0;
  for (const Growth& growth : growths_) added += HeadBytes(growth.count) - 1;
  return added;
}

void Growths::Apply(uint8_t* out, size_t size) const {
  // From the back, so that each byte moves once, to its final place.
  size_t shift = Added();
  size_t end = size;
  for (auto growth = growths_.rbegin(); growth != growths_.rend(); ++growth) {
    const size_t behind = growth->at + 1;
    std::memmove(out + behind + shift, out + behind, end - behind);
    shift -= HeadBytes(growth->count) - 1;
    WriteHead(out + growth->at + shift, MajorOf(out[growth->at]), growth->count);
    end = growth->at;
  }
}

void Drops::Normalize() {
  // Of two that begin together the longer one comes first and covers the other.
  std::sort(drops_.begin(), drops_.end(), [](const Range& a, const Range& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  size_t kept = 0;
  for (const Range& range : drops_) {
    if (kept > 0 && range.begin < drops_[kept - 1].end) continue;
    drops_[kept++] = range;
  }
  drops_.resize(kept);
}

size_t Drops::Apply(uint8_t* out, size_t size, Growths* growths) {
  Normalize();
  size_t read = 0;
  size_t written = 0;
  std::vector<Growth> none;
  std::vector<Growth>& heads = growths != nullptr ? growths->growths_ : none;
  size_t head = 0;
  size_t heads_kept = 0;
  const auto keep_until = [&](size_t end) {
    for (; head < heads.size() && heads[head].at < end; ++head) {
      const size_t at = heads[head].at - (read - written);
      heads[heads_kept++] = {static_cast<uint32_t>(at), heads[head].count};
    }
    std::memmove(out + written, out + read, end - read);
    written += end - read;
  };
  for (const Range& range : drops_) {
    keep_until(range.begin);
    while (head < heads.size() && heads[head].at < range.end) ++head;
    read = range.end;
  }
  keep_until(size);
  heads.resize(heads_kept);
  return written;
}

}  // namespace lowband::transcode
