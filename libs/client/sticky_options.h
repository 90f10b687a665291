// What the server keeps for the session once a request said it: the access token (option 256), the
// version of the key table (257), and what the client calls itself (2050). It goes out until a
// request with it was acknowledged.
//
// In a session that says two different values each request says its own: which one the server took
// last nobody knows, since messages overtake each other and are repeated.
//
// Threading: one thread. Ownership: copies what it keeps. Spec: MSC3079.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "libs/client/event.h"

namespace lowband::client {

class StickyOptions {
  static constexpr std::array kNumbers = {coap::OptionNumber::kMatrixAccessToken,
                                          coap::OptionNumber::kMatrixKeyTableVersion,
                                          coap::OptionNumber::kUserAgent};

 public:
  /// Which of them a message says.
  using Said = std::array<bool, kNumbers.size()>;

  /// The server has it: `option` need not go out.
  bool Knows(const OutgoingOption& option) const;
  /// A message with all of `options` that the server does not know begins an operation. (Those that
  /// go on with one say what holds for themselves only.)
  Said Say(const std::vector<OutgoingOption>& options);
  void Acknowledged(const Said& said);
  /// The server refused what it has: it is told again.
  void Refused();

 private:
  struct Value {
    std::optional<Bytes> said;
    bool changed = false;
    bool known = false;
  };
  std::array<Value, kNumbers.size()> values_;
};

}  // namespace lowband::client
