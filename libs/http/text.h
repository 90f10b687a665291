// The pieces that the text of a message is made of: lines, field lines, elements of lists.
//
// Threading: values and free functions; any thread. Ownership: all views point into the input.
// Spec: RFC 9112 §2.2, §5; RFC 9110 §5.6.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "libs/base/result.h"

namespace lowband::http {

/// A line ends in CRLF and in nothing else. RFC 9112 §2.2 lets a recipient take a lone LF for a
/// line end; where one reader in a chain does and another does not, one of them can be shown a
/// request that the other has not seen.
struct Line {
  enum class State : uint8_t {
    kWhole,
    kCutOff,     ///< The input ends before the line does.
    kMalformed,  ///< A bare CR, a bare LF or a NUL follows the text.
  };
  State state = State::kCutOff;
  std::string_view text;  ///< Without the line end.
};
/// The line at the front of `in`.
Line ReadLine(std::string_view in);
/// What a line that ReadLine found takes in the input. REQUIRES: it is whole.
inline size_t SizeInInput(const Line& line) { return line.text.size() + 2; }

struct FieldView {
  std::string_view name;
  std::string_view value;
};
/// RFC 9112 §5.1: no space before the colon; those around the value are not its own. The error says
/// what is wrong.
Result<FieldView, std::string_view> ReadField(std::string_view line);

/// RFC 9112 §5.2: the line continues the one before. Known from its first byte.
inline bool IsFolded(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

/// The elements of a comma-separated list, one after the other, without the spaces around them.
/// Empty ones are among them, so that who must not ignore them can see them.
class Elements {
 public:
  explicit Elements(std::string_view list) : rest_(list) {}
  std::optional<std::string_view> Next();

 private:
  std::optional<std::string_view> rest_;
};

}  // namespace lowband::http
