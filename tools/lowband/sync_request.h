// The requests of `lowband sync`, all but their position.
//
// Threading: main.
#pragma once

#include <string>
#include <vector>

#include "libs/client/event.h"
#include "tools/lowband/request_message.h"
#include "tools/lowband/sync.h"
#include "tools/lowband/sync_cursor.h"
#include "tools/lowband/url.h"

namespace lowband::tools {

class SyncRequest {
 public:
  /// Reads --token-file. Throws UsageError naming the wrong flag.
  explicit SyncRequest(const SyncOptions& options);

  const Url& url() const { return url_; }
  /// Headers that have no CoAP option.
  const std::vector<std::string>& ignored_headers() const { return ignored_headers_; }
  /// `since` may be empty. Over DTLS the access token, the key table (MSC3079) and the user agent
  /// stay in force, so only the `first_of_session` has them.
  client::Request Make(const SyncPosition& since, bool first_of_session) const;

 private:
  /// The error names the wrong flag.
  Result<BuiltRequest, std::string> Build(const SyncPosition& since) const;

  Url url_;
  MessageOptions message_;
  std::string parameters_;  ///< Of sliding sync: the body, as JSON. Empty: /sync.
  client::Request request_;
  std::vector<std::string> ignored_headers_;
};

}  // namespace lowband::tools
