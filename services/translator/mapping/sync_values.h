// Values of a homeserver's answer to a sync, as the readers of /sync and of sliding sync compare
// them from poll to poll.
//
// Threading: free functions and a value; any thread.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

namespace lowband::translator::mapping {

/// FNV-1a of 64 bits. A collision is no attack: the homeserver could as well send nothing.
class ResidueHash {
 public:
  /// With the length, so that different sequences of texts never give one sequence of bytes.
  void Add(std::string_view text);
  uint64_t value() const { return value_; }

 private:
  void Byte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

/// The value's text as it is written, without the spaces around it; a view of the document. False:
/// it is broken.
bool RawText(simdjson::ondemand::value& value, std::string_view& raw);

/// `raw`, the text of a value, is null, or an object or array without content.
bool IsEmpty(std::string_view raw);

}  // namespace lowband::translator::mapping
