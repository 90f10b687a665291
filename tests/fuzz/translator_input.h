// How the translator's fuzzers take their input apart, and what they stop at.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace lowband::fuzz {

/// An invariant of the code under test; a fuzzer must stop in release builds too.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  (void)std::fprintf(stderr, "invariant broken: %s\n", what);
  std::abort();
}

/// Reads from the front; what is missing is zero or empty.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  /// A length byte, then so many bytes.
  std::string_view Text() { return Take(Byte()); }
  std::string_view Rest() { return Take(bytes_.size()); }

 private:
  std::string_view Take(size_t size) {
    if (size > bytes_.size()) size = bytes_.size();
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return text;
  }
  std::span<const uint8_t> bytes_;
};

/// What may stand in a request line: nothing that ends it, and no second query or fragment.
inline bool IsTarget(std::string_view target) {
  for (const char c : target) {
    if (c <= ' ' || c > '~' || c == '#') return false;
  }
  return target.find('?') == target.rfind('?');
}

inline bool HasAllowedPrefix(std::string_view target) {
  // Of the media API only the limits of uploads, whatever its version.
  if (target.starts_with("/_matrix/media/")) {
    const std::string_view path = target.substr(0, target.find('?'));
    return path.ends_with("/config") || path.ends_with("/config/");
  }
  return target.starts_with("/_matrix/client") || target.starts_with("/_matrix/key") ||
         target.starts_with("/.well-known/matrix") || target.starts_with("/_synapse/client/");
}

}  // namespace lowband::fuzz
