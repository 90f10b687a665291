// The syntactic parts of a message's text: lines, field lines, elements of lists.
//
// Threading: values and free functions; any thread. Ownership: all views point into the input.
// Spec: RFC 9112 §2.2, §5; RFC 9110 §5.6.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "libs/base/result.h"

namespace lowband::http {

/// A line ends only in CRLF. RFC 9112 §2.2 lets a recipient accept a lone LF as a line end; if one
/// reader in a chain does so and another does not, an attacker can show one of them a request that
/// the other does not see.
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
/// The size in the input of a line from ReadLine. REQUIRES: it is complete.
inline size_t SizeInInput(const Line& line) { return line.text.size() + 2; }

struct FieldView {
  std::string_view name;
  std::string_view value;
};
/// RFC 9112 §5.1: no space before the colon; those around the value are not part of it. The error
/// names the fault.
Result<FieldView, std::string_view> ReadField(std::string_view line);

/// RFC 9112 §5.2: the line continues the one before. Its first byte shows it.
inline bool IsFolded(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

/// The elements of a comma-separated list, one after the other, without the spaces around them.
/// Empty ones are included, for callers that must not ignore them.
class Elements {
 public:
  explicit Elements(std::string_view list) : rest_(list) {}
  std::optional<std::string_view> Next();

 private:
  std::optional<std::string_view> rest_;
};

}  // namespace lowband::http
