// JSON → CBOR in one pass: no tree, no recursion. Containers get a head of one byte that is patched
// at their end; the few with 24 items or more are recorded, and their heads grow in one sweep at
// the end (edits.h).
#include <array>
#include <cstring>

#include "libs/transcode/cbor_entries.h"
#include "libs/transcode/edits.h"
#include "libs/transcode/json_number.h"
#include "libs/transcode/json_string.h"
#include "libs/transcode/key_records.h"
#include "libs/transcode/key_table.h"
#include "libs/transcode/limits.h"
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

/// Room kept behind the write position while `rest` bytes of input are left. Only floats and the
/// heads of strings of 256 bytes or more are longer in CBOR; floats ensure their room themselves,
/// the fraction is for the heads.
constexpr size_t Room(size_t rest) { return rest + rest / 128 + 2 * kCopyPadding; }

/// A container that is open.
struct Frame {
  uint32_t head;          ///< Its place in the output.
  uint32_t items;         ///< Items or entries so far.
  uint32_t first_record;  ///< Of a map's keys.
  uint32_t first_growth;  ///< Of the containers inside.
  KeyFilter filter;
  uint8_t closer;
  bool maybe_twice;  ///< Some key may have come twice.
};

class CborWriter {
 public:
  CborWriter(std::string_view json, Bytes& cbor, KeyTable keys, Order order,
             const ReaderLimits& reader)
      : begin_(reinterpret_cast<const uint8_t*>(json.data())),
        end_(begin_ + json.size()),
        cbor_(cbor),
        base_(cbor.size()),
        integer_keys_(keys == KeyTable::kV1),
        canonical_(order == Order::kCanonical),
        reader_(reader) {}

  Result<void, Error> Run();

 private:
  Cursor Document(Cursor c);
  Cursor Value(Cursor c);
  Cursor AfterValue(Cursor c);
  Cursor Open(Cursor c, uint8_t bracket);
  Cursor Close(Cursor c);
  uint32_t CloseMap(Cursor& c, const Frame& frame);
  Cursor Key(Cursor c);
  Cursor PlainKey(Cursor c, const uint8_t* quote);
  Cursor EscapedKey(Cursor c, const uint8_t* escape);
  void Record(unsigned id, uint64_t hash, const uint8_t* out);
  Cursor String(Cursor c);
  Cursor Number(Cursor c);
  Cursor Literal(Cursor c, std::string_view text, uint8_t item);
  Cursor HaveRoom(Cursor c);
  void Finish(const uint8_t* out);

  /// Moves past whitespace and returns the next byte, or 0 at the end, with which no token begins.
  uint8_t Peek(Cursor& c) const {
    if (c.in != end_ && *c.in > ' ') return *c.in;
    return PeekBehindSpace(c);
  }
  uint8_t PeekBehindSpace(Cursor& c) const {
    const auto is_space = [](uint8_t byte) {
      return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
    };
    while (c.in != end_ && is_space(*c.in)) ++c.in;
    return c.in != end_ ? *c.in : 0;
  }
  Frame& Top() { return frames_[depth_ - 1]; }
  uint32_t Offset(const uint8_t* out) const { return static_cast<uint32_t>(out - start_); }
  Cursor Refuse(Cause cause, const uint8_t* at) {
    error_ = {cause, static_cast<size_t>(at - begin_)};
    return {nullptr, nullptr};
  }
  /// The byte at `at` is not the required one.
  Cursor Unexpected(const uint8_t* at) {
    return Refuse(at == end_ ? Cause::kTruncated : Cause::kSyntax, at);
  }

  const uint8_t* const begin_;
  const uint8_t* const end_;
  Bytes& cbor_;
  const size_t base_;
  const bool integer_keys_;
  const bool canonical_;
  const ReaderLimits reader_;

  uint8_t* start_ = nullptr;  ///< Where this document begins in the output.
  uint8_t* limit_ = nullptr;  ///< Where the output ends.
  size_t depth_ = 0;
  Error error_{};

  KeyRecords records_;
  Growths growths_;
  Drops drops_;
  std::array<Frame, kDepthMax> frames_;
};

Result<void, Error> CborWriter::Run() {
  const size_t size = static_cast<size_t>(end_ - begin_);
  if (size > kInputBytesMax) return Failure(Error{Cause::kTooLarge, kInputBytesMax});
  if (size == 0) return Failure(Error{Cause::kTruncated, 0});
  if (!IsUtf8({begin_, size})) {
    return Failure(Error{Cause::kInvalidUtf8, Utf8Prefix({begin_, size})});
  }
  cbor_.resize(base_ + Room(size));
  start_ = cbor_.data() + base_;
  limit_ = cbor_.data() + cbor_.size();
  Cursor c = Document({begin_, start_});
  if (c.in != nullptr) {
    PeekBehindSpace(c);
    if (c.in != end_) c = Refuse(Cause::kTrailingBytes, c.in);
  }
  if (c.in == nullptr) {
    cbor_.resize(base_);
    return Failure(error_);
  }
  Finish(c.out);
  return {};
}

void CborWriter::Finish(const uint8_t* out) {
  size_t size = Offset(out);
  if (!drops_.empty()) size = drops_.Apply(start_, size, &growths_);
  // Each item of a container with a longer head had a comma in the input: so there is room.
  growths_.Apply(start_, size);
  cbor_.resize(base_ + size + growths_.Added());
}

Cursor CborWriter::Document(Cursor c) {
  while (true) {
    const size_t depth = depth_;
    c = Value(c);
    if (c.in == nullptr) return c;
    if (depth_ <= depth) {  // else it opened a container
      c = AfterValue(c);
      if (c.in == nullptr || depth_ == 0) return c;
    }
    if (Top().closer == '}') c = Key(c);
    if (c.in == nullptr) return c;
  }
}

/// A whole value, or the opening of a container that is not empty.
inline Cursor CborWriter::Value(Cursor c) {
  const uint8_t first = Peek(c);
  switch (first) {
    case '"': return String(c);
    case '{':
    case '[': return Open(c, first);
    case 't': return Literal(c, "true", kTrue);
    case 'f': return Literal(c, "false", kFalse);
    case 'n': return Literal(c, "null", kNull);
    default: return first == '-' || IsDigit(first) ? Number(c) : Unexpected(c.in);
  }
}

/// Moves from the end of a value to the next one, closing containers that end; or to depth 0.
inline Cursor CborWriter::AfterValue(Cursor c) {
  while (depth_ > 0) {
    const uint8_t next = Peek(c);
    Frame& frame = Top();
    if (next == ',') {
      ++frame.items;
      return {c.in + 1, c.out};
    }
    if (next != frame.closer) return Unexpected(c.in);
    c = Close({c.in + 1, c.out});
    if (c.in == nullptr) return c;
  }
  return c;
}

inline Cursor CborWriter::Open(Cursor c, uint8_t bracket) {
  if (depth_ == reader_.depth_max) return Refuse(Cause::kTooDeep, c.in);
  const bool map = bracket == '{';
  const uint8_t closer = map ? '}' : ']';
  const uint32_t head = Offset(c.out);
  *c.out++ = static_cast<uint8_t>(map ? Major::kMap : Major::kArray);
  ++c.in;
  if (Peek(c) == closer) return {c.in + 1, c.out};
  Frame& frame = frames_[depth_++];
  frame.head = head;
  frame.items = 1;
  frame.first_record = records_.size();
  frame.first_growth = static_cast<uint32_t>(growths_.size());
  frame.filter.Clear();
  frame.closer = closer;
  frame.maybe_twice = false;
  return c;
}

inline Cursor CborWriter::Close(Cursor c) {
  const Frame& frame = Top();
  if (frame.items > reader_.container_items_max) return Refuse(Cause::kTooManyItems, c.in - 1);
  const uint32_t count = frame.closer == '}' ? CloseMap(c, frame) : frame.items;
  uint8_t* const head = start_ + frame.head;
  if (count < kInfoUint8) {
    *head |= static_cast<uint8_t>(count);
  } else if (!canonical_) {
    growths_.Insert(frame.first_growth, {frame.head, count});
  } else {  // the outer containers will move their entries, so no place may be kept
    const size_t added = HeadBytes(count) - 1;
    std::memmove(head + 1 + added, head + 1, static_cast<size_t>(c.out - head) - 1);
    WriteHead(head, MajorOf(*head), count);
    c.out += added;
  }
  --depth_;
  return c;
}

/// The number of entries that stay.
inline uint32_t CborWriter::CloseMap(Cursor& c, const Frame& frame) {
  size_t count = records_.size() - frame.first_record;
  const bool twice = frame.maybe_twice && records_.AnyEqualHash(frame.first_record);
  if (twice || canonical_) {
    const CborEntries entries{start_, records_.From(frame.first_record), Offset(c.out)};
    const std::vector<bool> replaced = twice ? Replaced(entries) : std::vector<bool>();
    if (canonical_) {
      const SortedEntries sorted = SortEntries(entries, replaced);
      count = sorted.count;
      c.out = start_ + sorted.end;
    } else {
      count = DropReplaced(entries, replaced, drops_);
    }
  }
  records_.Pop(frame.first_record);
  return static_cast<uint32_t>(count);
}

inline Cursor CborWriter::Key(Cursor c) {
  if (Peek(c) != '"') return Unexpected(c.in);
  ++c.in;
  const uint8_t* const stop = FindSpecial(c.in, end_);
  if (stop != end_ && *stop == '"') {
    c = PlainKey(c, stop);
  } else if (stop != end_ && *stop == '\\') {
    c = EscapedKey(c, stop);
    if (c.in == nullptr) return c;
  } else {
    return Unexpected(stop);
  }
  if (Peek(c) != ':') return Unexpected(c.in);
  return {c.in + 1, c.out};
}

inline Cursor CborWriter::PlainKey(Cursor c, const uint8_t* quote) {
  const size_t size = static_cast<size_t>(quote - c.in);
  const KeyStart start = StartOf(c.in, size, end_);
  const unsigned id = integer_keys_ ? KeyId(c.in, size, start) : 0;
  if (id != 0) {
    Record(id, KeyIdHash(id), c.out);
    return {quote + 1, WriteHead(c.out, Major::kUnsigned, id)};
  }
  Record(0, KeyTextHash(c.in, size, start), c.out);
  c.out = WriteHead(c.out, Major::kText, size);
  CopyPadded(c.out, c.in, size, end_);
  return {quote + 1, c.out + size};
}

Cursor CborWriter::EscapedKey(Cursor c, const uint8_t* escape) {
  const StringResult string = WriteEscapedString(c.in, escape, end_, c.out);
  if (string.next == nullptr) return Unexpected(string.at);
  // Equal to the key without escapes: it is looked up in its written form.
  const auto text_size = [&](size_t head) {
    return static_cast<size_t>(string.out - c.out) - head;
  };
  size_t head = 1;
  while (HeadBytes(text_size(head)) != head) ++head;
  const uint8_t* const text = c.out + head;
  const KeyStart start = StartOf(text, text_size(head), string.out);
  const unsigned id = integer_keys_ ? KeyId(text, text_size(head), start) : 0;
  Record(id, id != 0 ? KeyIdHash(id) : KeyTextHash(text, text_size(head), start), c.out);
  return {string.next, id != 0 ? WriteHead(c.out, Major::kUnsigned, id) : string.out};
}

inline void CborWriter::Record(unsigned id, uint64_t hash, const uint8_t* out) {
  Frame& frame = Top();
  const bool maybe = id != 0 ? frame.filter.SeenId(id) : frame.filter.MaybeSeen(hash);
  frame.maybe_twice |= maybe;
  records_.Push({hash, Offset(out), 0});
}

inline Cursor CborWriter::String(Cursor c) {
  const StringResult string = WriteString(c.in + 1, end_, c.out);
  if (string.next == nullptr) return Unexpected(string.at);
  return {string.next, string.out};
}

inline Cursor CborWriter::Number(Cursor c) {
  const NumberResult integer = WriteShortInteger(c.in, end_, c.out);
  if (integer.next != nullptr) return {integer.next, integer.out};
  const NumberResult number = WriteNumber(c.in, end_, c.out);
  if (number.next == nullptr) return Unexpected(number.at);
  return HaveRoom({number.next, number.out});
}

inline Cursor CborWriter::Literal(Cursor c, std::string_view text, uint8_t item) {
  if (static_cast<size_t>(end_ - c.in) < text.size() ||
      std::memcmp(c.in, text.data(), text.size()) != 0) {
    while (c.in != end_ && *c.in == static_cast<uint8_t>(text.front())) {
      ++c.in;
      text.remove_prefix(1);
    }
    return Unexpected(c.in);
  }
  *c.out++ = item;
  return {c.in + text.size(), c.out};
}

/// Called after a float, which may be longer than its text.
Cursor CborWriter::HaveRoom(Cursor c) {
  const size_t room = Room(static_cast<size_t>(end_ - c.in));
  if (static_cast<size_t>(limit_ - c.out) >= room) return c;
  const size_t written = Offset(c.out);
  const size_t needed = written + room;
  cbor_.resize(base_ + needed + needed / 2);
  start_ = cbor_.data() + base_;
  limit_ = cbor_.data() + cbor_.size();
  return {c.in, start_ + written};
}

}  // namespace

Result<void, Error> JsonToCbor(std::string_view json, Bytes& cbor, KeyTable keys, Order order,
                               const ReaderLimits& reader) {
  return CborWriter(json, cbor, keys, order, reader).Run();
}

}  // namespace lowband::transcode
