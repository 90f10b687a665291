// Reads members of a JSON object, and replaces or adds one in its text: all other bytes stay as
// they were, with number forms, spaces and the order of keys.
//
// The text is not validated as a whole. A text that is not an object, or is broken at the members
// read, has no members and stays unchanged; the next reader of the result finds the fault.
//
// Threading: free functions; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace lowband::translator::mapping {

/// True if the first character that is not a space opens an object.
bool IsJsonObject(std::string_view json);
/// True if it opens an object or array, as a JSON document of Matrix does.
bool LooksLikeJson(std::string_view json);

/// The text without the byte order mark that some file servers put before JSON, and that a reader
/// may ignore (RFC 8259 §8.1).
std::string_view WithoutByteOrderMark(std::string_view json);

std::optional<std::string> StringMember(std::string_view json, std::string_view key);
std::optional<uint64_t> UintMember(std::string_view json, std::string_view key);

/// Replaces the string at `path` (keys from the outermost in); false if there is none. `value`
/// needs no escapes.
bool ReplaceString(std::string& json, std::initializer_list<std::string_view> path,
                   std::string_view value);
/// Sets a member of the outermost object to `value`, which is JSON; false if there is no object.
bool SetMember(std::string& json, std::string_view key, std::string_view value);

}  // namespace lowband::translator::mapping
