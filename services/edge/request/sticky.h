// The options that hold for the rest of a session once they were given: the access token (256) and
// the version of the key table (257).
//
// They belong to the DTLS session, never to an address, and end with it. A change affects later
// requests only. An option counts even when its request is refused for another reason: clients
// send the token once and take it for known.
//
// Threading: one thread. Limits: kAccessTokenBytesMax. Spec: MSC3079; protocol rules "Options".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/transcode.h"
#include "services/edge/request/refusal.h"

namespace lowband::edge::request {

/// Shared by a session and its requests under way, which may outlive the token's being in force.
using AccessToken = std::shared_ptr<const std::string>;

class Sticky {
 public:
  enum class Change : uint8_t { kNone, kSet, kCleared };

  /// Takes option 256 with or without "Bearer "; an empty one ends the token in force.
  Result<Change, Refusal> TakeToken(ByteView value);
  /// Takes option 257: 0 (string keys) or 1.
  Result<void, Refusal> TakeKeyTable(uint32_t version);

  /// Null: none.
  const AccessToken& token() const { return token_; }
  transcode::KeyTable key_table(uint8_t default_version) const;
  /// The homeserver refused `token`, which may not be in force any more. True if it was.
  bool OnRefused(const AccessToken& token);

 private:
  AccessToken token_;
  std::optional<uint8_t> key_table_;
};

}  // namespace lowband::edge::request
