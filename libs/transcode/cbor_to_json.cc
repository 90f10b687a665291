// CBOR → JSON in one pass: no tree, no recursion. Declared lengths are compared with the rest of
// the input before any use. Members superseded by another one with the same key are written like
// all others and removed in one sweep at the end (edits.h).
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "libs/transcode/cbor_head.h"
#include "libs/transcode/cbor_number.h"
#include "libs/transcode/edits.h"
#include "libs/transcode/json_entries.h"
#include "libs/transcode/json_text.h"
#include "libs/transcode/key_records.h"
#include "libs/transcode/key_table.h"
#include "libs/transcode/limits.h"
#include "libs/transcode/simd.h"
#include "libs/transcode/transcode.h"
#include "libs/transcode/utf8.h"

namespace lowband::transcode {
namespace {

/// The read and write positions. Passed and returned by value, so that both stay in registers.
/// A null `in` means that the input was refused; error_ has the reason.
struct Cursor {
  const uint8_t* in;
  uint8_t* out;
};

/// Room for any item but a string: a number, or a comma and a key of the table copied whole.
constexpr size_t kItemRoom = 64;
static_assert(kItemRoom >= 1 + sizeof(JsonKey) && kItemRoom >= kNumberBytesMax + 4);
static_assert(kItemRoom >= kCopyPadding + kEscapeBytesMax);

/// A container that is open.
struct Frame {
  uint64_t left;          ///< Items or pairs to come, if the length is definite.
  uint32_t first_record;  ///< Of a map's keys.
  bool map;
  bool indefinite;
  bool empty;        ///< It has no items yet.
  bool maybe_twice;  ///< Some key may have come twice.
  KeyFilter filter;
};

class JsonWriter {
 public:
  JsonWriter(ByteView cbor, std::string& json, Order order, Rules rules)
      : begin_(cbor.data()),
        end_(begin_ + cbor.size()),
        json_(json),
        base_(json.size()),
        canonical_(order == Order::kCanonical),
        items_left_(rules == Rules::kRequest ? kRequestItemsMax : kResponseItemsMax) {}

  Result<void, Error> Run();

 private:
  Cursor Document(Cursor c);
  Cursor Value(Cursor c);
  Cursor AfterValue(Cursor c);
  Cursor Open(Cursor c, bool map);
  Cursor Close(Cursor c);
  Cursor CloseMembers(Cursor c, const Frame& frame);
  Cursor Key(Cursor c);
  Cursor IntegerKey(Cursor c);
  Cursor TextKey(Cursor c);
  void Record(unsigned id, uint64_t hash, Cursor at);
  Cursor Integer(Cursor c);
  Cursor Simple(Cursor c);
  Cursor Float(Cursor c, const uint8_t* head, double value);
  Cursor String(Cursor c);
  Cursor Chunk(Cursor c);
  Cursor Text(Cursor c, size_t size);
  Cursor SkipTags(Cursor c);
  Cursor Argument(Cursor c, uint64_t& argument);
  Cursor MakeRoom(Cursor c, size_t size);
  Cursor HaveRoom(Cursor c, size_t size) {
    return static_cast<size_t>(limit_ - c.out) >= size ? c : MakeRoom(c, size);
  }

  Frame& Top() { return frames_[depth_ - 1]; }
  size_t Left(const uint8_t* in) const { return static_cast<size_t>(end_ - in); }
  uint32_t Offset(const uint8_t* out) const { return static_cast<uint32_t>(out - start_); }
  Cursor Refuse(Cause cause, const uint8_t* at) {
    error_ = {cause, static_cast<size_t>(at - begin_)};
    return {nullptr, nullptr};
  }

  const uint8_t* const begin_;
  const uint8_t* const end_;
  std::string& json_;
  const size_t base_;
  const bool canonical_;

  uint8_t* start_ = nullptr;  ///< Where this document begins in the output.
  uint8_t* limit_ = nullptr;  ///< Where the output ends.
  uint32_t items_left_;
  size_t depth_ = 0;
  Error error_{};

  KeyRecords records_;
  Drops drops_;
  std::array<Frame, kDepthMax> frames_;
};

Result<void, Error> JsonWriter::Run() {
  const size_t size = Left(begin_);
  if (size > kInputBytesMax) return Failure(Error{Cause::kTooLarge, kInputBytesMax});
  if (size == 0) return Failure(Error{Cause::kTruncated, 0});
  json_.resize(base_ + 2 * size + 2 * kItemRoom);
  start_ = reinterpret_cast<uint8_t*>(json_.data()) + base_;
  limit_ = reinterpret_cast<uint8_t*>(json_.data()) + json_.size();
  Cursor c = Document({begin_, start_});
  if (c.in != nullptr && c.in != end_) c = Refuse(Cause::kTrailingBytes, c.in);
  if (c.in == nullptr) {
    json_.resize(base_);
    return Failure(error_);
  }
  size_t written = Offset(c.out);
  if (!drops_.empty()) written = drops_.Apply(start_, written, nullptr);
  json_.resize(base_ + written);
  return {};
}

Cursor JsonWriter::Document(Cursor c) {
  do {
    c = Value(c);
    if (c.in == nullptr) return c;
    c = AfterValue(c);
    if (c.in == nullptr) return c;
  } while (depth_ > 0);
  return c;
}

/// A whole value, or the opening of a container.
inline Cursor JsonWriter::Value(Cursor c) {
  c = SkipTags(HaveRoom(c, kItemRoom));
  if (c.in == nullptr) return c;
  if (c.in == end_) return Refuse(Cause::kTruncated, c.in);
  if (items_left_-- == 0) return Refuse(Cause::kTooManyItems, c.in);
  switch (MajorOf(*c.in)) {
    case Major::kUnsigned:
    case Major::kNegative: return Integer(c);
    case Major::kBytes: return Refuse(Cause::kByteString, c.in);
    case Major::kText: return String(c);
    case Major::kArray: return Open(c, false);
    case Major::kMap: return Open(c, true);
    case Major::kTag: break;  // skipped above
    case Major::kSimple: return Simple(c);
  }
  return Refuse(Cause::kSyntax, c.in);
}

/// Moves from the end of a value to the next one, closing containers that end; or to depth 0.
inline Cursor JsonWriter::AfterValue(Cursor c) {
  while (depth_ > 0) {
    Frame& frame = Top();
    if (frame.indefinite && c.in == end_) return Refuse(Cause::kTruncated, c.in);
    const bool ends = frame.indefinite ? *c.in == kBreak : frame.left == 0;
    if (!ends) {
      --frame.left;
      *c.out = ',';
      if (!frame.empty) ++c.out;
      frame.empty = false;
      return frame.map ? Key(c) : c;
    }
    if (frame.indefinite) ++c.in;
    c = Close(c);
    if (c.in == nullptr) return c;
  }
  return c;
}

inline Cursor JsonWriter::Open(Cursor c, bool map) {
  const uint8_t* const head = c.in;
  if (depth_ == kDepthMax) return Refuse(Cause::kTooDeep, head);
  const bool indefinite = InfoOf(*head) == kInfoIndefinite;
  uint64_t count = 0;
  if (indefinite) {
    ++c.in;
  } else {
    c = Argument(c, count);
    if (c.in == nullptr) return c;
    // Each item takes at least one byte, each pair two.
    if (count > Left(c.in) / (map ? 2 : 1)) return Refuse(Cause::kTruncated, head);
  }
  Frame& frame = frames_[depth_++];
  frame.left = count;
  frame.first_record = records_.size();
  frame.map = map;
  frame.indefinite = indefinite;
  frame.empty = true;
  frame.maybe_twice = false;
  frame.filter.Clear();
  *c.out++ = map ? '{' : '[';
  return c;
}

inline Cursor JsonWriter::Close(Cursor c) {
  const Frame& frame = Top();
  if (frame.map) {
    if (frame.maybe_twice || canonical_) c = CloseMembers(c, frame);
    if (c.in == nullptr) return c;
    records_.Pop(frame.first_record);
  }
  c = HaveRoom(c, kItemRoom);
  *c.out++ = frame.map ? '}' : ']';
  --depth_;
  return c;
}

Cursor JsonWriter::CloseMembers(Cursor c, const Frame& frame) {
  const JsonMembers members{
      start_, records_.From(frame.first_record), Offset(c.out), {begin_, Left(begin_)}};
  std::vector<bool> superseded;
  if (frame.maybe_twice && records_.AnyEqualHash(frame.first_record)) {
    auto found = Superseded(members);
    if (!found) return Refuse(Cause::kDuplicateKey, begin_ + found.error());
    superseded = *std::move(found);
  }
  if (canonical_) {
    c.out = start_ + SortMembers(members, superseded);
  } else if (!superseded.empty()) {
    DropSuperseded(members, superseded, drops_);
  }
  return c;
}

inline Cursor JsonWriter::Key(Cursor c) {
  c = SkipTags(HaveRoom(c, kItemRoom));
  if (c.in == nullptr) return c;
  if (c.in == end_) return Refuse(Cause::kTruncated, c.in);
  if (items_left_-- == 0) return Refuse(Cause::kTooManyItems, c.in);
  switch (MajorOf(*c.in)) {
    case Major::kUnsigned:
    case Major::kNegative: return IntegerKey(c);
    case Major::kText: return TextKey(c);
    case Major::kBytes:
    case Major::kArray:
    case Major::kMap:
    case Major::kTag:
    case Major::kSimple: break;
  }
  return Refuse(Cause::kKeyType, c.in);
}

inline Cursor JsonWriter::IntegerKey(Cursor c) {
  const Cursor at = c;
  if (MajorOf(*c.in) == Major::kUnsigned) {
    uint64_t id = 0;
    c = Argument(c, id);
    if (c.in == nullptr) return c;
    if (id - 1 < kKeyIdMax) {
      const JsonKey& key = kJsonKeys[id];
      Record(static_cast<unsigned>(id), KeyIdHash(static_cast<unsigned>(id)), at);
      std::memcpy(c.out, &key, sizeof key);
      c.out += key.size;
      return c;
    }
  }
  *at.out = '"';
  c = Integer({at.in, at.out + 1});
  if (c.in == nullptr) return c;
  const size_t size = static_cast<size_t>(c.out - at.out) - 1;
  Record(0, KeyTextHash(at.out + 1, size, StartOf(at.out + 1, size, limit_)), at);
  *c.out++ = '"';
  *c.out++ = ':';
  return c;
}

inline Cursor JsonWriter::TextKey(Cursor c) {
  const uint8_t* const source = c.in;
  const uint32_t entry = Offset(c.out);
  c = String(c);
  if (c.in == nullptr) return c;
  const uint8_t* const text = start_ + entry + 1;
  const size_t size = static_cast<size_t>(c.out - text) - 1;
  const KeyStart start = StartOf(text, size, limit_);
  const unsigned id = KeyId(text, size, start);
  Record(id, id != 0 ? KeyIdHash(id) : KeyTextHash(text, size, start), {source, start_ + entry});
  *c.out++ = ':';
  return c;
}

inline void JsonWriter::Record(unsigned id, uint64_t hash, Cursor at) {
  Frame& frame = Top();
  const bool maybe = id != 0 ? frame.filter.SeenId(id) : frame.filter.MaybeSeen(hash);
  frame.maybe_twice |= maybe;
  records_.Push({hash, Offset(at.out), static_cast<uint32_t>(at.in - begin_)});
}

inline Cursor JsonWriter::Integer(Cursor c) {
  const bool negative = MajorOf(*c.in) == Major::kNegative;
  uint64_t argument = 0;
  c = Argument(c, argument);
  if (c.in == nullptr) return c;
  c.out = negative ? WriteNegativeDecimal(c.out, argument) : WriteDecimal(c.out, argument);
  return c;
}

inline Cursor JsonWriter::Simple(Cursor c) {
  const uint8_t* const head = c.in;
  const auto literal = [&](std::string_view text) {
    std::memcpy(c.out, text.data(), text.size());
    return Cursor{c.in + 1, c.out + text.size()};
  };
  switch (*head) {
    case kFalse: return literal("false");
    case kTrue: return literal("true");
    case kNull:
    case kUndefined: return literal("null");
    case kFloat16:
    case kFloat32:
    case kFloat64: break;
    default: return Refuse(Cause::kSyntax, head);
  }
  uint64_t bits = 0;
  c = Argument(c, bits);
  if (c.in == nullptr) return c;
  if (*head == kFloat16) return Float(c, head, HalfToDouble(static_cast<uint16_t>(bits)));
  if (*head == kFloat32) return Float(c, head, std::bit_cast<float>(static_cast<uint32_t>(bits)));
  return Float(c, head, std::bit_cast<double>(bits));
}

Cursor JsonWriter::Float(Cursor c, const uint8_t* head, double value) {
  if (!std::isfinite(value)) return Refuse(Cause::kNotFinite, head);
  c.out = WriteDoubleText(c.out, value);
  return c;
}

/// A text string with its quotes; leaves kItemRoom.
inline Cursor JsonWriter::String(Cursor c) {
  *c.out++ = '"';
  if (InfoOf(*c.in) != kInfoIndefinite) {
    c = Chunk(c);
    if (c.in == nullptr) return c;
  } else {
    ++c.in;
    while (true) {
      if (c.in == end_) return Refuse(Cause::kTruncated, c.in);
      if (*c.in == kBreak) break;
      if (items_left_-- == 0) return Refuse(Cause::kTooManyItems, c.in);
      if (MajorOf(*c.in) != Major::kText || InfoOf(*c.in) == kInfoIndefinite) {
        return Refuse(Cause::kSyntax, c.in);
      }
      c = Chunk(c);
      if (c.in == nullptr) return c;
    }
    ++c.in;
  }
  *c.out++ = '"';
  return c;
}

/// The text of a string of definite length, which must be UTF-8 by itself (RFC 8949 §3.2.3).
inline Cursor JsonWriter::Chunk(Cursor c) {
  const uint8_t* const head = c.in;
  uint64_t size = 0;
  c = Argument(c, size);
  if (c.in == nullptr) return c;
  if (size > Left(c.in)) return Refuse(Cause::kTruncated, head);
  return Text(c, static_cast<size_t>(size));
}

/// Copies `size` bytes with the necessary escapes. Leaves kItemRoom.
inline Cursor JsonWriter::Text(Cursor c, size_t size) {
  const uint8_t* const text = c.in;
  const uint8_t* const text_end = text + size;
  c = HaveRoom(c, size + 2 * kItemRoom);
  bool ascii = true;
  while (c.in != nullptr && c.in != text_end) {
    const size_t left = static_cast<size_t>(text_end - c.in);
    size_t plain = 0;
    if (Left(c.in) >= Block::kBytes) {
      const Block block = Block::Load(c.in);
      block.Store(c.out);
      ascii &= block.Ascii();  // includes bytes after the text: at worst the check is unnecessary
      plain = block.AnySpecial() ? block.FirstSpecial() : Block::kBytes;
      if (plain > left) plain = left;
    } else {
      for (; plain != left && !IsSpecial(c.in[plain]); ++plain) {
        c.out[plain] = c.in[plain];
        ascii &= c.in[plain] < 0x80;
      }
    }
    c = {c.in + plain, c.out + plain};
    if (c.in != text_end && IsSpecial(*c.in)) {
      c.out = WriteEscape(c.out, *c.in++);
      c = HaveRoom(c, static_cast<size_t>(text_end - c.in) + 2 * kItemRoom);
    }
  }
  if (!ascii && c.in != nullptr && !IsUtf8({text, size})) {
    return Refuse(Cause::kInvalidUtf8, text + Utf8Prefix({text, size}));
  }
  return c;
}

/// Tags have no meaning in JSON: only the item inside counts.
inline Cursor JsonWriter::SkipTags(Cursor c) {
  while (c.in != nullptr && c.in != end_ && MajorOf(*c.in) == Major::kTag) {
    uint64_t tag = 0;
    c = Argument(c, tag);
  }
  return c;
}

/// Reads the argument of the head at `c.in` and moves past it.
inline Cursor JsonWriter::Argument(Cursor c, uint64_t& argument) {
  const uint8_t* const head = c.in++;
  const uint8_t info = InfoOf(*head);
  if (info < kInfoUint8) {
    argument = info;
    return c;
  }
  if (info > kInfoUint64) return Refuse(Cause::kSyntax, head);
  const size_t size = size_t{1} << (info - kInfoUint8);
  if (Left(c.in) < size) return Refuse(Cause::kTruncated, head);
  switch (info) {
    case kInfoUint8: argument = *c.in; break;
    case kInfoUint16: argument = LoadBigEndian<uint16_t>(c.in); break;
    case kInfoUint32: argument = LoadBigEndian<uint32_t>(c.in); break;
    default: argument = LoadBigEndian<uint64_t>(c.in); break;
  }
  c.in += size;
  return c;
}

/// Enlarges the output: at least by `size` bytes, and to twice its size.
Cursor JsonWriter::MakeRoom(Cursor c, size_t size) {
  const size_t written = Offset(c.out);
  const size_t needed = written + size;
  if (needed > kOutputBytesMax) return Refuse(Cause::kTooLarge, c.in);
  json_.resize(base_ + written + needed);
  start_ = reinterpret_cast<uint8_t*>(json_.data()) + base_;
  limit_ = reinterpret_cast<uint8_t*>(json_.data()) + json_.size();
  return {c.in, start_ + written};
}

}  // namespace

Result<void, Error> CborToJson(ByteView cbor, std::string& json, Order order, Rules rules) {
  return JsonWriter(cbor, json, order, rules).Run();
}

}  // namespace lowband::transcode
