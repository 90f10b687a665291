// Uri-Query options to the query of the HTTP request.
//
// Threading: a value; one thread. Limits: limits.h. Spec: RFC 7252 §6.5;
// docs/protocol.md "Paths and queries".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lowband::translator::mapping {

class Query {
 public:
  /// One option's value, `name=value` as received (not percent-encoded). No '=' means an empty
  /// value; an empty option is ignored. The text must outlive this object.
  void Add(std::string_view option);

  /// Removes every `access_token`; returns the first one's value, if there was any.
  std::optional<std::string> TakeAccessToken();
  /// The wait in milliseconds of the first `timeout`, if it is a number.
  std::optional<uint64_t> TimeoutMs() const;
  /// Of a sync: it continues no earlier one (`since`, in sliding sync `pos`), or requests the full
  /// state anyway.
  bool AsksForAll() const;
  /// Replaces the value of every `timeout`.
  void SetTimeoutMs(uint64_t timeout_ms);

  /// The names of a sync's position: of /sync, and of sliding sync.
  static constexpr std::string_view kSince = "since";
  static constexpr std::string_view kPos = "pos";
  /// Turns the query into that of a further poll of an observation: one position, one `timeout`, no
  /// `full_state`; the rest stays. `name`: one of the two above.
  void Resume(std::string_view name, std::string_view position, uint64_t timeout_ms);

  /// Appends `?name=value&…` in the order of the options; nothing if there are none.
  void AppendTo(std::string& target) const;
  size_t size() const { return items_.size(); }

 private:
  struct Item {
    std::string_view name;
    std::string value;
  };
  void SetOnly(std::string_view name, std::string value);
  std::vector<Item> items_;
};

}  // namespace lowband::translator::mapping
