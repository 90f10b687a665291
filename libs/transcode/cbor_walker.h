// The items of a CBOR document in their order, without a tree.
//
// Threading: one call. Ownership: a view of the document. Limits: kDepthMax. Spec: RFC 8949 §3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/transcode/cbor_head.h"
#include "libs/transcode/limits.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// A head: initial byte and argument.
struct CborItemHead {
  uint8_t initial;
  uint64_t argument;

  Major major() const { return MajorOf(initial); }
};

/// The items of a document in their order, without a tree: reads heads, and counts the items that
/// the open containers still need.
class CborWalker {
 public:
  explicit CborWalker(ByteView in) : in_(in) {}

  bool done() const { return started_ && depth_ == 0; }
  size_t at() const { return at_; }
  size_t left() const { return in_.size() - at_; }
  const Error& error() const { return error_; }

  /// The next item is a key of a map.
  bool at_key() const { return depth_ > 0 && Top().map && Top().left % 2 == 0; }

  /// The head of the next item; none, here and below: error(). A head that is longer than needed is
  /// refused, so that each document has one form.
  std::optional<CborItemHead> ReadHead() {
    const size_t begin = at_;
    if (left() == 0) return Refuse(Cause::kTruncated, begin);
    const uint8_t initial = in_[at_++];
    const uint8_t info = InfoOf(initial);
    if (info < kInfoUint8) return CborItemHead{initial, info};
    if (info > kInfoUint64) return Refuse(Cause::kSyntax, begin);
    const size_t size = size_t{1} << (info - kInfoUint8);
    if (left() < size) return Refuse(Cause::kTruncated, begin);
    uint64_t argument = 0;
    for (size_t i = 0; i < size; ++i) argument = argument << 8 | in_[at_++];
    const bool is_float = MajorOf(initial) == Major::kSimple && info != kInfoUint8;
    if (!is_float && HeadBytes(argument) != size + 1) return Refuse(Cause::kSyntax, begin);
    return CborItemHead{initial, argument};
  }

  /// The bytes of the string with this head, which was read just now.
  std::optional<ByteView> ReadString(const CborItemHead& head) {
    if (head.argument > left()) return Refuse(Cause::kTruncated, at_);
    const ByteView string = in_.subspan(at_, head.argument);
    at_ += string.size();
    return string;
  }

  /// Called after each item, with its head: opens its container, or closes what it completes.
  bool Count(const CborItemHead& head) {
    started_ = true;
    if (depth_ > 0) --frames_[depth_ - 1].left;
    const bool map = head.major() == Major::kMap;
    if ((map || head.major() == Major::kArray) && head.argument > 0) {
      // Each item takes at least one byte.
      if (head.argument > left() / (map ? 2 : 1)) return Fail(Cause::kTruncated, at_);
      if (depth_ == kDepthMax) return Fail(Cause::kTooDeep, at_);
      frames_[depth_++] = {map ? 2 * head.argument : head.argument, map};
    }
    while (depth_ > 0 && Top().left == 0) --depth_;
    return true;
  }

  bool Fail(Cause cause, size_t at) {
    error_ = {cause, at};
    return false;
  }

 private:
  struct Frame {
    uint64_t left;  ///< Items to come: a key and its value are two.
    bool map;
  };
  const Frame& Top() const { return frames_[depth_ - 1]; }
  std::nullopt_t Refuse(Cause cause, size_t at) {
    Fail(cause, at);
    return std::nullopt;
  }

  const ByteView in_;
  size_t at_ = 0;
  bool started_ = false;
  size_t depth_ = 0;
  Error error_{};
  std::array<Frame, kDepthMax> frames_;
};

inline void AppendHead(Bytes& out, Major major, uint64_t argument) {
  std::array<uint8_t, kHeadBytesMax> head;
  const uint8_t* const end = WriteHead(head.data(), major, argument);
  Append(out, {head.data(), end});
}

}  // namespace lowband::transcode
