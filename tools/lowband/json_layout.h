// JSON laid out for people: the same tokens with line breaks and indentation.
//
// Threading: any. Spec: RFC 8259 §2 (white space between tokens is insignificant).
#pragma once

#include <string>
#include <string_view>

namespace lowband::tools {

/// `json` is valid JSON; two spaces a level, empty containers on one line.
std::string LayOut(std::string_view json);

}  // namespace lowband::tools
