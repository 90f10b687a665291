// Looks into a JSON object, and replaces or adds a member in its text: everything else stays as it
// was to the byte, number forms, spaces and the order of keys included.
//
// The text is not validated as a whole. What is not an object, or is broken where it is looked at,
// has no members and is left alone; whoever reads the result next finds the fault.
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
/// The same for an object or array: what a JSON document of Matrix begins with.
bool LooksLikeJson(std::string_view json);

/// What follows the byte order mark that some servers of files put before JSON, and that RFC 8259
/// §8.1 lets a reader ignore; all of it if there is none.
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
