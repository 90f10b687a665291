// The gzip coding of a whole document.
//
// Threading: pure functions. Limits: the caller's. Spec: RFC 1952, RFC 9110 §8.4.1.3.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lowband::translator::mapping {

/// None if it is no complete gzip stream, has bytes after its end, or would become longer than
/// `bytes_max`; never allocates more than that.
std::optional<std::string> Gunzip(std::string_view packed, size_t bytes_max);
std::string Gzip(std::string_view plain);

}  // namespace lowband::translator::mapping
