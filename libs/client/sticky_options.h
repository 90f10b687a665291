// The sticky options, which the server keeps for the session: the access token (option 256), the
// version of the key table (257), and the user agent (2050). They are sent until a request with
// them was acknowledged.
//
// In a session with two different values each request sends its own: messages overtake each other
// and are repeated, so the value that the server has is unknown.
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
  /// The sticky options in a message.
  using Said = std::array<bool, kNumbers.size()>;

  /// The server has it: `option` need not be sent.
  bool Knows(const OutgoingOption& option) const;
  /// To be called for the first message of an operation, which carries all of `options` that the
  /// server does not have. (Later messages of the operation do not change sticky values.)
  Said Say(const std::vector<OutgoingOption>& options);
  void Acknowledged(const Said& said);
  /// The server refused its value: send it again.
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
