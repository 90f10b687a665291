// The options that hold for the rest of a session once they were sent: the access token (256), the
// version of the key table (257), and the client's User-Agent (2050).
//
// They belong to the DTLS session, not to an address, and end with it. A change holds for the
// requests that the client sends later. Messages arrive out of order, so each change is kept with
// the number of its record for as long as an earlier record can still arrive. An option counts even
// if its request is refused for another reason: clients send the token once and rely on it.
//
// A token that the homeserver refused stays in force, marked. The client still uses it: each of its
// requests gets the homeserver's own answer about it (M_UNKNOWN_TOKEN with soft_logout), as over
// HTTP, until the client sends another token.
//
// Threading: one thread. Limits: kAccessTokenBytesMax, kTokenChangesMax, coap::kUserAgentBytesMax,
// which ReadOptions has checked. Spec: MSC3079; docs/protocol.md "Options".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/transcode.h"
#include "services/edge/request/refusal.h"

namespace lowband::edge::request {

/// Shared by a session and its requests under way, which may outlive the token's time in force.
using AccessToken = std::shared_ptr<const std::string>;

class Sticky {
 public:
  enum class Change : uint8_t { kNone, kSet, kCleared };
  struct Taken {
    Change change = Change::kNone;  ///< Of the token in force.
    AccessToken token;              ///< The option's token; null: it is empty.
  };
  /// The token for a request that names none.
  struct Applied {
    AccessToken token;
    bool refused = false;  ///< The homeserver has refused it before.
  };

  /// Option 256 without its scheme; null: it is empty.
  static Result<AccessToken, Refusal> ReadToken(ByteView value);
  /// Takes option 256, with or without "Bearer ", of the message in record `sequence`; an empty one
  /// ends the token in force. A message from before the latest change has no effect on that token.
  Result<Taken, Refusal> TakeToken(ByteView value, uint64_t sequence = 0);
  /// Takes option 257: 0 (string keys) or 1.
  Result<void, Refusal> TakeKeyTable(uint32_t version, uint64_t sequence = 0);
  /// Takes option 2050; an empty one ends the value in force.
  void TakeUserAgent(ByteView value, uint64_t sequence = 0);

  /// Empty: none.
  const std::string& user_agent() const { return user_agent_; }
  /// Null: none.
  const AccessToken& token() const { return changes_.back().token; }
  /// The homeserver refused the token in force.
  bool refused() const { return changes_.back().refused; }
  /// There was a token, and it has ended: refused, or cleared by its client.
  bool ended() const { return refused() || cleared_; }
  /// For a message in record `sequence` that names no token. None: the token of that time is
  /// forgotten. Before the first token there was none, so that the first one counts there too: its
  /// message was overtaken.
  std::optional<Applied> TokenFor(uint64_t sequence) const;
  transcode::KeyTable key_table(uint8_t default_version) const;
  /// The homeserver refused `token`, which may not be in force any more. True if it is, and was not
  /// refused before.
  bool OnRefused(const AccessToken& token);

 private:
  struct TokenChange {
    uint64_t sequence = 0;  ///< In force from this record on.
    AccessToken token;
    bool refused = false;
  };

  void Forget(uint64_t newest);

  /// In the order of their records; the last one is in force. The first one of a session: none.
  std::vector<TokenChange> changes_{TokenChange{}};
  bool first_known_ = true;  ///< The first of `changes_` is still the session's first.
  bool cleared_ = false;     ///< By the latest change.
  std::optional<uint8_t> key_table_;
  uint64_t key_table_sequence_ = 0;
  std::string user_agent_;
  uint64_t user_agent_sequence_ = 0;
};

}  // namespace lowband::edge::request
