#include "libs/transcode/condense.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "libs/transcode/base64_text.h"
#include "libs/transcode/cbor_head.h"
#include "libs/transcode/cbor_walker.h"
#include "libs/transcode/key_table.h"
#include "libs/transcode/key_table_v2.h"
#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

/// A kind of text that travels as a byte string: something before base64, and a tag for it.
struct Kind {
  uint8_t tag;
  std::string_view prefix;
  Base64 alphabet;
};
constexpr std::array<Kind, 4> kKinds = {{
    {1, "$", Base64::kUrl},
    {2, "!", Base64::kUrl},
    {4, "ed25519:", Base64::kStandard},
    {3, "", Base64::kStandard},  // the tag only if the byte string is a repeated one
}};
constexpr const Kind& kPlainKind = kKinds.back();

const Kind& KindOf(std::string_view text) {
  return *std::ranges::find_if(kKinds,
                               [text](const Kind& kind) { return text.starts_with(kind.prefix); });
}
/// Null: there is no such tag.
const Kind* FindKind(uint64_t tag) {
  const auto* const found = std::ranges::find(kKinds, tag, &Kind::tag);
  return found == kKinds.end() ? nullptr : found;
}

/// Words, numbers and hexadecimal digits are base64 too, but compress better as they are.
bool LooksRandom(std::string_view base64) {
  bool upper = false;
  bool lower = false;
  bool other = false;
  for (const char c : base64) {
    upper |= c >= 'A' && c <= 'Z';
    lower |= c >= 'a' && c <= 'z';
    other |= c < 'A';  // digits, '+', '/' and '-'
  }
  return upper && lower && other;
}

class Condenser {
 public:
  Condenser(ByteView cbor, Condensed& out) : cbor_(cbor), walker_(cbor), out_(out) {}

  bool Run() {
    while (!walker_.done()) {
      const bool key = walker_.at_key();
      const size_t begin = walker_.at();
      const auto head = walker_.ReadHead();
      if (!head || !Item(*head, begin, key) || !walker_.Count(*head)) return false;
    }
    CopyTo(cbor_.size());
    return walker_.left() == 0;
  }

 private:
  bool Item(const CborItemHead& head, size_t begin, bool key) {
    if (head.major() == Major::kBytes || head.major() == Major::kTag) return false;
    if (head.major() == Major::kText) {
      const auto text = walker_.ReadString(head);
      if (!text) return false;
      if ((key && Name(AsText(*text), begin)) || Octets(AsText(*text), begin)) {
        copied_ = walker_.at();
      }
      return true;
    }
    return !key || (head.major() == Major::kUnsigned && head.argument <= kKeyIdMax);
  }

  /// Copies what stays as it is, in one go.
  void CopyTo(size_t end) { Append(out_.items, cbor_.subspan(copied_, end - copied_)); }

  /// Writes another form of the text at `begin`; false: it has none.
  bool Name(std::string_view text, size_t begin) {
    const unsigned id = KeyIdV2(text);
    if (id == 0) return false;
    CopyTo(begin);
    AppendHead(out_.items, Major::kUnsigned, id);
    return true;
  }
  bool Octets(std::string_view text, size_t begin) {
    const Kind& kind = KindOf(text);
    const std::string_view base64 = text.substr(kind.prefix.size());
    if (base64.size() < kBase64CharactersMin || !LooksRandom(base64)) return false;
    // Equal text of two kinds stands for equal bytes: the alphabets differ in characters only.
    const auto known = known_.lower_bound(base64);
    if (known != known_.end() && known->first == base64) {
      CopyTo(begin);
      AppendHead(out_.items, Major::kTag, kind.tag);
      AppendHead(out_.items, Major::kUnsigned, known->second);
      return true;
    }
    const size_t before = out_.octets.size();
    if (!ReadBase64(base64, kind.alphabet, out_.octets)) return false;
    const size_t size = out_.octets.size() - before;
    CopyTo(begin);
    if (&kind != &kPlainKind) AppendHead(out_.items, Major::kTag, kind.tag);
    AppendHead(out_.items, Major::kBytes, size);
    out_.places.push_back({out_.items.size(), size});
    known_.emplace_hint(known, base64, known_.size());
    return true;
  }

  const ByteView cbor_;
  CborWalker walker_;
  size_t copied_ = 0;
  Condensed& out_;
  /// No hash table: users of other homeservers choose these texts, and could make hashes equal.
  std::map<std::string_view, size_t> known_;
};

class Expander {
 public:
  /// `octets`: null if each byte string is in its place.
  Expander(ByteView items, const ByteView* octets, size_t bytes_max, Bytes& out)
      : items_(items), walker_(items), octets_(octets), out_(out), end_(out.size() + bytes_max) {}

  bool Run() {
    while (!walker_.done()) {
      const bool key = walker_.at_key();
      const size_t begin = walker_.at();
      const auto head = walker_.ReadHead();
      if (!head || !Item(*head, begin, key) || !walker_.Count(*head)) return false;
      if (out_.size() + (walker_.at() - copied_) > end_) {
        return walker_.Fail(Cause::kTooLarge, begin);
      }
    }
    CopyTo(walker_.at());
    const bool whole = walker_.left() == 0 && (octets_ == nullptr || taken_ == octets_->size());
    return whole || walker_.Fail(Cause::kTrailingBytes, walker_.at());
  }

  const Error& error() const { return walker_.error(); }

 private:
  bool Item(const CborItemHead& head, size_t begin, bool key) {
    switch (head.major()) {
      case Major::kUnsigned:
        if (!key || head.argument <= kKeyIdMax) return true;
        if (head.argument > kKeyIdMaxV2) return walker_.Fail(Cause::kKeyType, begin);
        CopyTo(begin);
        AppendText(KeyNameV2(static_cast<unsigned>(head.argument)));
        break;
      case Major::kBytes:
        CopyTo(begin);
        if (!Octets(head, begin, kPlainKind)) return false;
        break;
      case Major::kTag:
        CopyTo(begin);
        if (!Tagged(head, begin)) return false;
        break;
      case Major::kText: return walker_.ReadString(head).has_value();
      default: return !key || walker_.Fail(Cause::kKeyType, begin);
    }
    copied_ = walker_.at();
    return true;
  }

  /// Copies what stays as it is, in one go.
  void CopyTo(size_t end) { Append(out_, items_.subspan(copied_, end - copied_)); }

  bool Tagged(const CborItemHead& tag, size_t begin) {
    const Kind* const kind = FindKind(tag.argument);
    if (kind == nullptr) return walker_.Fail(Cause::kSyntax, begin);
    const size_t at = walker_.at();
    const auto head = walker_.ReadHead();
    if (!head) return false;
    if (head->major() == Major::kBytes && kind != &kPlainKind) return Octets(*head, at, *kind);
    const bool repeats = head->major() == Major::kUnsigned && head->argument < known_.size();
    if (!repeats) return walker_.Fail(Cause::kSyntax, at);
    AppendBase64(*kind, known_[head->argument]);
    return true;
  }

  bool Octets(const CborItemHead& head, size_t begin, const Kind& kind) {
    // Shorter text stays text. An empty one would take less here than the note of it in known_.
    if (head.argument < Base64Bytes(kBase64CharactersMin)) {
      return walker_.Fail(Cause::kSyntax, begin);
    }
    std::optional<ByteView> octets;
    if (octets_ == nullptr) {
      octets = walker_.ReadString(head);
      if (!octets) return false;
    } else {
      if (head.argument > octets_->size() - taken_) {
        return walker_.Fail(Cause::kTruncated, walker_.at());
      }
      octets = octets_->subspan(taken_, head.argument);
      taken_ += octets->size();
    }
    known_.push_back(*octets);
    AppendBase64(kind, *octets);
    return true;
  }

  void AppendText(std::string_view text) {
    AppendHead(out_, Major::kText, text.size());
    Append(out_, AsBytes(text));
  }

  void AppendBase64(const Kind& kind, ByteView octets) {
    AppendHead(out_, Major::kText, kind.prefix.size() + Base64Characters(octets.size()));
    Append(out_, AsBytes(kind.prefix));
    WriteBase64(octets, kind.alphabet, out_);
  }

  const ByteView items_;
  CborWalker walker_;
  size_t copied_ = 0;
  const ByteView* const octets_;
  size_t taken_ = 0;
  Bytes& out_;
  const size_t end_;
  std::vector<ByteView> known_;
};

Result<void, Error> Run(Expander expander, size_t before, Bytes& cbor) {
  if (expander.Run()) return {};
  cbor.resize(before);
  return Failure(expander.error());
}

}  // namespace

Bytes Condensed::InPlace() const {
  Bytes whole;
  whole.reserve(items.size() + octets.size());
  size_t item = 0;
  size_t octet = 0;
  for (const Place& place : places) {
    Append(whole, ByteView(items).subspan(item, place.at - item));
    Append(whole, ByteView(octets).subspan(octet, place.size));
    item = place.at;
    octet += place.size;
  }
  Append(whole, ByteView(items).subspan(item));
  return whole;
}

std::optional<Condensed> Condense(ByteView cbor) {
  Condensed condensed;
  condensed.items.reserve(cbor.size());
  if (!Condenser(cbor, condensed).Run()) return std::nullopt;
  return condensed;
}

Result<void, Error> Expand(ByteView condensed, size_t bytes_max, Bytes& cbor) {
  return Run(Expander(condensed, nullptr, bytes_max, cbor), cbor.size(), cbor);
}

Result<void, Error> Expand(ByteView items, ByteView octets, size_t bytes_max, Bytes& cbor) {
  return Run(Expander(items, &octets, bytes_max, cbor), cbor.size(), cbor);
}

}  // namespace lowband::transcode
