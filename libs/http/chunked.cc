#include "libs/http/chunked.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "libs/http/limits.h"
#include "libs/http/text.h"

namespace lowband::http {
namespace {

Refusal Bad(std::string_view text) { return {400, Fault::kChunk, text}; }

bool IsHexDigit(char byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/// Extensions are skipped (RFC 9112 §7.1.1), so they only must not hide a line end from any reader:
/// quotes have no meaning here.
bool IsOfExtension(char byte) { return (byte >= 0x20 && byte < 0x7f) || byte == '\t'; }

/// The number at the front of a size line or of its beginning: 0 if there is no digit yet.
/// RFC 9112 §7.1: no sign, no 0x, no space on either side.
Result<uint64_t, Refusal> ReadSize(std::string_view text) {
  constexpr size_t kDigitsMax = 16;  // all of these fit
  const std::string_view line = text.substr(0, kChunkLineBytesMax);
  const auto behind = std::ranges::find_if_not(line, IsHexDigit);
  const std::string_view digits(line.begin(), behind);
  uint64_t size = 0;
  std::from_chars(digits.data(), digits.data() + std::min(digits.size(), kDigitsMax), size, 16);
  if (size > kChunkBytesMax) return Failure(Bad("a chunk size out of range"));
  if (digits.size() > kDigitsMax) return Failure(Bad("a chunk size of too many digits"));
  const std::string_view rest(behind, line.end());
  if (!rest.empty() && (digits.empty() || rest.front() != ';')) {
    return Failure(Bad("a chunk size that is not a hexadecimal number"));
  }
  if (!std::ranges::all_of(rest, IsOfExtension)) {
    return Failure(Bad("a control character in a chunk extension"));
  }
  if (text.size() > kChunkLineBytesMax) return Failure(Bad("a chunk size line that is too long"));
  return size;
}

}  // namespace

Result<ChunkedDecoder::Step, Refusal> ChunkedDecoder::Next(std::string_view in) {
  Step all;
  while (true) {
    const auto step = Take(in.substr(all.consumed));
    if (!step) return step;
    all.consumed += step->consumed;
    all.data = step->data;
    if (step->consumed == 0 || !all.data.empty()) return all;
  }
}

Result<ChunkedDecoder::Step, Refusal> ChunkedDecoder::Take(std::string_view in) {
  switch (state_) {
    case State::kSize: return TakeSize(in);
    case State::kData: {
      const std::string_view data = in.substr(0, std::min<uint64_t>(left_, in.size()));
      left_ -= data.size();
      if (left_ == 0) state_ = State::kDataEnd;
      return Step{data.size(), data};
    }
    case State::kDataEnd: {
      if (in.starts_with("\r\n")) {
        state_ = State::kSize;
        return Step{2, {}};
      }
      if (in.empty() || in == "\r") return Step{};
      return Failure(Bad("a chunk that does not end where its size says"));
    }
    case State::kTrailer: return TakeTrailer(in);
    case State::kDone: return Step{};
  }
  std::abort();
}

// As in a head, a line's text is checked before its end: see ReadLines.
Result<ChunkedDecoder::Step, Refusal> ChunkedDecoder::TakeSize(std::string_view in) {
  const Line line = ReadLine(in);
  const auto size = ReadSize(line.text);
  if (!size) return Failure(size.error());
  if (line.state == Line::State::kMalformed) return Failure(Bad("a bare CR or LF, or a NUL"));
  if (line.state == Line::State::kCutOff) return Step{};
  if (line.text.empty()) return Failure(Bad("no chunk size"));
  left_ = *size;
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  return Step{SizeInInput(line), {}};
}

// RFC 9112 §7.1.2: a trailer may be dropped. Fields about framing or authentication would come too
// late in it.
Result<ChunkedDecoder::Step, Refusal> ChunkedDecoder::TakeTrailer(std::string_view in) {
  const Line line = ReadLine(in);
  if (IsFolded(line.text)) return Failure(Bad("a folded field line"));
  if (trailer_bytes_ + line.text.size() > kTrailerBytesMax) {
    return Failure(Bad("a trailer that is too large"));
  }
  if (line.state == Line::State::kMalformed) return Failure(Bad("a bare CR or LF, or a NUL"));
  if (line.state == Line::State::kCutOff) return Step{};
  trailer_bytes_ += SizeInInput(line);
  if (line.text.empty()) {
    state_ = State::kDone;
  } else if (const auto field = ReadField(line.text); !field) {
    return Failure(Bad(field.error()));
  }
  return Step{SizeInInput(line), {}};
}

std::string ChunkHead(size_t bytes) {
  if (bytes == 0) std::abort();  // it would end the body
  std::array<char, 2 * sizeof bytes> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
  return std::string(digits.data(), end) + "\r\n";
}

}  // namespace lowband::http
