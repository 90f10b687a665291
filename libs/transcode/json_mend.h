// Changes JSON that has no CBOR form so that it gets one: bad values are replaced with the least
// harm, and all other bytes stay. One hostile event must not cost a client its whole sync.
//
// The replaced part, by the smallest structure around the bad value:
//   - inside an event (an object with a string `type` and a `content` or `sender`), the event's own
//     member that holds the bad value: `content` becomes {}, a `type` becomes the marker's name,
//     any other member goes. The event gets the member "org.lowband.unrepresentable": "<reason>";
//   - outside of events, the value becomes null; an entry whose key is bad becomes the marker;
//   - a whole document becomes an object with the marker alone.
//
// Only called for documents that the transcoder refused, so other documents have no cost.
//
// Threading: pure functions. Limits: kMendsMax values of one container; beyond it the container
// counts as one bad value. Time and memory are linear in the document.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// The member that marks an event with a removed value, and has the reason.
inline constexpr std::string_view kUnrepresentable = "org.lowband.unrepresentable";

/// The reason why a value has no CBOR form for the reader. The text is the marker's value and a
/// metrics label.
enum class Unfit : uint8_t {
  kTooDeep,    ///< Nested deeper than the reader's limit.
  kTooMany,    ///< A container with more items than the reader's limit.
  kNotUtf8,    ///< A string or key that is not UTF-8.
  kMalformed,  ///< A string or literal that is not JSON: an escape, a control character, NaN.
};
inline constexpr size_t kUnfitCount = 4;
constexpr std::string_view Text(Unfit unfit) {
  switch (unfit) {
    case Unfit::kTooDeep: return "too_deep";
    case Unfit::kTooMany: return "too_many";
    case Unfit::kNotUtf8: return "not_utf8";
    case Unfit::kMalformed: return "malformed";
  }
  return "?";
}

/// The replacements in one document, for counters and logs; without the values.
struct Mends {
  std::array<uint64_t, kUnfitCount> counts{};
  /// Path of the first one ("to_device.events[0].content"), of at most kMendPathBytesMax bytes.
  std::string first_path;
  Unfit first{};

  uint64_t Total() const;
  void Add(const Mends& others);
};

struct MendedJson {
  std::string json;
  Mends mends;
};

/// None if the brackets, commas or colons of `json` are wrong, or if there is no bad value.
std::optional<MendedJson> MendJson(std::string_view json, const ReaderLimits& reader = {});

}  // namespace lowband::transcode
