// The connection flags common to `request`, `load` and `sync`.
//
// Threading: main; the options are then read from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "libs/client/config.h"
#include "libs/tls/key_log.h"

namespace CLI {
class App;
}

namespace lowband::tools {

struct ConnectOptions {
  bool insecure = false;
  std::string ca_file;
  bool allow_ccm8 = false;
  bool connection_id = true;
  unsigned block_size = 1024;
  double ack_timeout_seconds = 2;
  std::string user_agent;  ///< Empty: not sent.

  void AddTo(CLI::App& app);
  /// All settings but the server's name. Reads the certificates; throws UsageError naming the file.
  client::Config MakeConfig(bool secure) const;
};

/// Empty, or the reason why `text` cannot be a user agent.
std::string UserAgentProblem(std::string_view text);

/// The file named by SSLKEYLOGFILE, open for appending; null if it is not set. Throws
/// UsageError naming the file.
std::unique_ptr<tls::KeyLog> KeyLogFromEnvironment();

}  // namespace lowband::tools
