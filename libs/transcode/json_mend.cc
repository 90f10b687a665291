#include "libs/transcode/json_mend.h"

#include <algorithm>
#include <vector>

#include "libs/transcode/cbor_head.h"
#include "libs/transcode/json_number.h"
#include "libs/transcode/limits.h"
#include "libs/transcode/simd.h"
#include "libs/transcode/utf8.h"

namespace lowband::transcode {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
/// Characters that end a literal or number.
constexpr std::string_view kDelimiters = " \t\r\n,:[]{}\"";

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The members that make an object an event, and those with their own way of mending.
enum class MemberKind : uint8_t { kOther, kType, kContent, kSender };

MemberKind KindOf(std::string_view key) {
  if (key == "type") return MemberKind::kType;
  if (key == "content") return MemberKind::kContent;
  return key == "sender" ? MemberKind::kSender : MemberKind::kOther;
}

/// A piece of the document.
struct Range {
  uint32_t begin;
  uint32_t end;
};

/// A bad value, or a whole bad entry, that no event around it covers yet.
struct Bad {
  Range range;
  Unfit why;
  bool entry;
};

/// A member of an open object with a bad value in it.
struct BadMember {
  Range key;  ///< With its quotes.
  uint32_t end;
  MemberKind kind;
  Unfit why;
};

std::string Marker(Unfit why) {
  return "\"" + std::string(kUnrepresentable) + "\":\"" + std::string(Text(why)) + "\"";
}

struct Edit {
  Range range;
  std::string text;
};

/// A container that is open.
struct Frame {
  uint32_t begin;
  char closer;
  uint32_t items;  ///< Complete items.
  size_t first_bad;
  size_t first_member;
  // Of the item that is being read:
  Range key;
  uint32_t value;
  size_t item_bad;  ///< Index of its first bad value.
  MemberKind kind;
  std::optional<Unfit> key_unfit;
  bool item_unfit;
  Unfit why;
  // Of all items:
  bool unfit;
  bool collapsed;  ///< Over kMendsMax: the container counts as one bad value.
  bool has_type;
  bool has_other;  ///< A content or a sender.

  bool IsMap() const { return closer == '}'; }
  bool IsEvent() const { return has_type && has_other; }
};

class Mender {
 public:
  Mender(std::string_view json, const ReaderLimits& reader)
      : json_(json), reader_(reader), all_utf8_(IsUtf8(AsBytes(json))) {}

  std::optional<MendedJson> Run();

 private:
  bool Document();
  bool Value();
  bool Key();
  bool AfterValue();
  bool Open(char bracket);
  void Close();
  bool HasRoom(const Frame& frame) const;
  void CloseEvent(const Frame& frame);
  void EndItem();
  bool SkipContainer();
  std::optional<Unfit> String();
  void Token();
  bool Escape();

  void SkipSpace() { at_ = std::min(json_.find_first_not_of(kSpaces, at_), json_.size()); }
  char Peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  Range From(size_t begin) const {
    return {static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
  }
  Frame& Top() { return frames_.back(); }

  void AddBad(Range range, Unfit why, bool entry = false);
  void Inherit(Unfit why);
  void Collapse(Frame& frame);
  void Note(Unfit why, std::string path);
  std::string PathTo(size_t depth) const;
  std::string Apply();

  const std::string_view json_;
  const ReaderLimits reader_;
  const bool all_utf8_;
  size_t at_ = 0;
  std::vector<Frame> frames_;
  std::vector<Bad> bads_;           ///< In the open containers, outermost first.
  std::vector<BadMember> members_;  ///< In the open objects, outermost first.
  std::vector<Edit> edits_;
  std::string bad_path_;  ///< Of bads_.front().
  Mends mends_;
};

std::optional<MendedJson> Mender::Run() {
  if (json_.size() > kInputBytesMax || !Document()) return std::nullopt;
  SkipSpace();
  if (at_ != json_.size()) return std::nullopt;
  const size_t root = std::min(json_.find_first_not_of(kSpaces), json_.size());
  for (const Bad& bad : bads_) {
    Note(bad.why, bad_path_);
    const std::string marker = Marker(bad.why);
    if (bad.range.begin == root) {
      edits_.push_back({bad.range, "{" + marker + "}"});
    } else {
      edits_.push_back({bad.range, bad.entry ? marker : "null"});
    }
  }
  if (edits_.empty()) return std::nullopt;
  return MendedJson{Apply(), std::move(mends_)};
}

bool Mender::Document() {
  do {
    const size_t depth = frames_.size();
    if (!Value()) return false;
    if (frames_.size() > depth) {  // it opened a container
      if (Top().IsMap() && !Key()) return false;
    } else if (!AfterValue()) {
      return false;
    }
  } while (!frames_.empty());
  return true;
}

/// A whole value, or the opening of a container that is not empty.
bool Mender::Value() {
  SkipSpace();
  const size_t begin = at_;
  if (!frames_.empty()) Top().value = static_cast<uint32_t>(begin);
  switch (const char first = Peek()) {
    case '"': {
      const auto unfit = String();
      if (at_ > json_.size()) return false;
      if (unfit) AddBad(From(begin), *unfit);
      return true;
    }
    case '{':
    case '[':
      if (frames_.size() < reader_.depth_max) return Open(first);
      if (!SkipContainer()) return false;
      AddBad(From(begin), Unfit::kTooDeep);
      return true;
    default: Token(); return at_ != begin;
  }
}

/// A literal or a number, or a malformed token in its place.
void Mender::Token() {
  const size_t begin = at_;
  at_ = std::min(json_.find_first_of(kDelimiters, at_), json_.size());
  const std::string_view token = json_.substr(begin, at_ - begin);
  if (token.empty() || token == "true" || token == "false" || token == "null") return;
  if (token[0] == '-' || IsDigit(static_cast<uint8_t>(token[0]))) {
    const auto* const from = reinterpret_cast<const uint8_t*>(token.data());
    uint8_t written[kHeadBytesMax];
    if (WriteNumber(from, from + token.size(), written).next == from + token.size()) return;
  }
  AddBad(From(begin), Unfit::kMalformed);
}

/// Moves from the opening quote past the closing one, or to the end of the document if there is
/// none. Returns the string's fault.
std::optional<Unfit> Mender::String() {
  std::optional<Unfit> unfit;
  const auto* const begin = reinterpret_cast<const uint8_t*>(json_.data());
  const uint8_t* const end = begin + json_.size();
  const size_t quote = at_++;
  while (true) {
    at_ = static_cast<size_t>(FindSpecial(begin + at_, end) - begin);
    if (at_ == json_.size()) {
      ++at_;
      return unfit;
    }
    if (json_[at_] == '"') break;
    if (json_[at_] == '\\') {
      if (!Escape()) unfit = Unfit::kMalformed;
    } else {
      ++at_;
      unfit = Unfit::kMalformed;  // a control character
    }
  }
  ++at_;
  if (!unfit && !all_utf8_ && !IsUtf8(AsBytes(json_.substr(quote, at_ - quote)))) {
    unfit = Unfit::kNotUtf8;
  }
  return unfit;
}

/// Moves past an escape, or past the backslash of an invalid one.
bool Mender::Escape() {
  ++at_;
  const char letter = Peek();
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  if (at_ < json_.size() && kLetters.find(letter) != std::string_view::npos) {
    ++at_;
    return true;
  }
  if (letter != 'u') return false;
  ++at_;
  for (const size_t last = at_ + 4; at_ != last; ++at_) {
    if (!IsHexDigit(Peek())) return false;
  }
  return true;
}

bool Mender::Open(char bracket) {
  const size_t begin = at_++;
  const char closer = bracket == '{' ? '}' : ']';
  SkipSpace();
  if (Peek() == closer) {
    ++at_;
    return true;
  }
  Frame frame{};
  frame.begin = static_cast<uint32_t>(begin);
  frame.closer = closer;
  frame.first_bad = frame.item_bad = bads_.size();
  frame.first_member = members_.size();
  frames_.push_back(frame);
  return true;
}

bool Mender::Key() {
  SkipSpace();
  if (Peek() != '"') return false;
  const size_t begin = at_;
  const auto unfit = String();
  if (at_ > json_.size()) return false;
  Frame& frame = Top();
  frame.key = From(begin);
  frame.kind = KindOf(json_.substr(begin + 1, at_ - begin - 2));
  frame.key_unfit = unfit;
  SkipSpace();
  if (Peek() != ':') return false;
  ++at_;
  return true;
}

/// Moves from the end of a value to the next one, closing containers that end; or to the end.
bool Mender::AfterValue() {
  while (!frames_.empty()) {
    EndItem();
    SkipSpace();
    const char next = Peek();
    if (at_ == json_.size()) return false;
    ++at_;
    if (next == ',') return !Top().IsMap() || Key();
    if (next != Top().closer) return false;
    Close();
  }
  return true;
}

/// An item of the innermost container is complete.
void Mender::EndItem() {
  Frame& frame = Top();
  ++frame.items;
  if (frame.IsMap()) {
    if (frame.kind == MemberKind::kType) frame.has_type |= json_[frame.value] == '"';
    frame.has_other |= frame.kind == MemberKind::kContent || frame.kind == MemberKind::kSender;
    const Range entry = From(frame.key.begin);
    if (frame.key_unfit) {  // the whole entry goes, with all bad values in it
      bads_.resize(std::min(bads_.size(), frame.item_bad));
      AddBad(entry, *frame.key_unfit, true);
    }
    if (frame.item_unfit && members_.size() - frame.first_member <= kMendsMax) {
      members_.push_back({frame.key, entry.end, frame.kind, frame.why});
    }
  }
  frame.item_unfit = false;
  frame.key_unfit.reset();
  frame.item_bad = bads_.size();
}

void Mender::Close() {
  const Frame frame = Top();
  const Range whole = From(frame.begin);
  const bool too_many = frame.items > reader_.container_items_max;
  const bool event = frame.unfit && !too_many && frame.IsEvent() && HasRoom(frame);
  if (event) CloseEvent(frame);
  members_.resize(frame.first_member);
  frames_.pop_back();
  if (too_many) {
    bads_.resize(frame.first_bad);
    AddBad(whole, Unfit::kTooMany);
  } else if (frame.collapsed && !event) {
    AddBad(whole, frame.why);
  } else if (frame.unfit && !event) {
    Inherit(frame.why);
  }
}

/// Whether the event's members can be mended: an empty content is one level more, and a marker
/// beside a content or type is one item more.
bool Mender::HasRoom(const Frame& frame) const {
  const size_t count = members_.size() - frame.first_member;
  if (frames_.size() >= reader_.depth_max || count > kMendsMax) return false;
  const auto stays = [](const BadMember& member) {
    return member.kind == MemberKind::kContent || member.kind == MemberKind::kType;
  };
  const auto added =
      std::count_if(members_.end() - static_cast<ptrdiff_t>(count), members_.end(), stays);
  return frame.items + static_cast<size_t>(added) <= reader_.container_items_max;
}

/// The event's mending covers all bad values in it.
void Mender::CloseEvent(const Frame& frame) {
  const BadMember& first = members_[frame.first_member];
  std::string path;
  if (mends_.Total() == 0) {
    path = PathTo(frames_.size() - 1);
    if (!path.empty()) path += '.';
    path += json_.substr(first.key.begin + 1, first.key.end - first.key.begin - 2);
  }
  Note(first.why, std::move(path));
  for (size_t i = frame.first_member; i < members_.size(); ++i) {
    const BadMember& member = members_[i];
    // The last of equal keys stays: several markers become one.
    std::string text;
    if (member.kind == MemberKind::kType) {
      text.append("\"type\":\"").append(kUnrepresentable).append("\",");
    } else if (member.kind == MemberKind::kContent) {
      text = "\"content\":{},";
    }
    text += Marker(member.why);
    edits_.push_back({{member.key.begin, member.end}, std::move(text)});
  }
  bads_.resize(frame.first_bad);
}

bool Mender::SkipContainer() {
  size_t depth = 0;
  do {
    at_ = std::min(json_.find_first_of("[]{}\"", at_), json_.size());
    if (at_ == json_.size()) return false;
    switch (json_[at_]) {
      case '"':
        String();
        if (at_ > json_.size()) return false;
        continue;
      case '[':
      case '{': ++depth; break;
      default: --depth; break;
    }
    ++at_;
  } while (depth > 0);
  return true;
}

void Mender::AddBad(Range range, Unfit why, bool entry) {
  if (bads_.empty()) bad_path_ = PathTo(frames_.size());
  bads_.push_back({range, why, entry});
  if (!frames_.empty()) Inherit(why);
}

/// The current item of the innermost container has a bad value.
void Mender::Inherit(Unfit why) {
  if (frames_.empty()) return;
  Frame& frame = Top();
  frame.unfit = frame.item_unfit = true;
  frame.why = why;
  if (frame.collapsed || bads_.size() - frame.first_bad > kMendsMax) {
    frame.collapsed = true;
    bads_.resize(frame.first_bad);
  }
}

void Mender::Note(Unfit why, std::string path) {
  if (mends_.Total() == 0) {
    mends_.first = why;
    mends_.first_path = std::move(path);
  }
  ++mends_.counts[static_cast<size_t>(why)];
}

/// The path of the current item in the innermost of `depth` containers.
std::string Mender::PathTo(size_t depth) const {
  std::string path;
  for (size_t i = 0; i < depth && path.size() < kMendPathBytesMax; ++i) {
    const Frame& frame = frames_[i];
    if (frame.IsMap()) {
      if (!path.empty()) path += '.';
      path += json_.substr(frame.key.begin + 1, frame.key.end - frame.key.begin - 2);
    } else {
      path += "[" + std::to_string(frame.items) + "]";
    }
  }
  return path;
}

/// The document with its edits. Of two nested edits the outer one applies.
std::string Mender::Apply() {
  std::sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) {
    return a.range.begin != b.range.begin ? a.range.begin < b.range.begin
                                          : a.range.end > b.range.end;
  });
  std::string mended;
  mended.reserve(json_.size());
  size_t done = 0;
  for (const Edit& edit : edits_) {
    if (edit.range.begin < done) continue;
    mended += json_.substr(done, edit.range.begin - done);
    mended += edit.text;
    done = edit.range.end;
  }
  mended += json_.substr(done);
  return mended;
}

}  // namespace

uint64_t Mends::Total() const {
  uint64_t total = 0;
  for (const uint64_t count : counts) total += count;
  return total;
}

void Mends::Add(const Mends& others) {
  if (Total() == 0) {
    first = others.first;
    first_path = others.first_path;
  }
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += others.counts[i];
}

std::optional<MendedJson> MendJson(std::string_view json, const ReaderLimits& reader) {
  auto mended = Mender(json, reader).Run();
  if (!mended) return std::nullopt;
  std::string& path = mended->mends.first_path;
  path.resize(std::min(path.size(), kMendPathBytesMax));
  path.resize(Utf8Prefix(AsBytes(path)));
  std::replace_if(
      path.begin(), path.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
  return mended;
}

}  // namespace lowband::transcode
