// A first-in-first-out queue of small byte strings with a header each, in one reused buffer: a
// stage's output until its owner drains it, without an allocation per packet.
//
// Threading: one thread. Ownership: a popped view is valid until the next call on the queue.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"

namespace lowband {

template <class Header>
class PacketQueue {
 public:
  struct Packet {
    Header header;
    ByteView bytes;
  };

  void Push(Header header, ByteView bytes) {
    if (next_ == entries_.size()) Reset();
    entries_.push_back({std::move(header), buffer_.size(), bytes.size()});
    Append(buffer_, bytes);
  }

  std::optional<Packet> Pop() {
    if (next_ == entries_.size()) {
      Reset();
      return std::nullopt;
    }
    Entry& entry = entries_[next_++];
    return Packet{std::move(entry.header), ByteView(buffer_).subspan(entry.offset, entry.size)};
  }

  bool empty() const { return next_ == entries_.size(); }
  size_t size() const { return entries_.size() - next_; }

 private:
  struct Entry {
    Header header;
    size_t offset;
    size_t size;
  };

  void Reset() {
    entries_.clear();
    buffer_.clear();
    next_ = 0;
  }

  std::vector<Entry> entries_;
  Bytes buffer_;
  size_t next_ = 0;
};

}  // namespace lowband
