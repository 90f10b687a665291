// The flags about the connection that `request`, `load` and `sync` have in common.
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
  std::string user_agent;  ///< Empty: the homeserver is not told.

  void AddTo(CLI::App& app);
  /// Everything but the server's name. Reads the certificates; throws UsageError naming the file.
  client::Config MakeConfig(bool secure) const;
};

/// Empty, or why `text` cannot be what a client calls itself.
std::string UserAgentProblem(std::string_view text);

/// The file that SSLKEYLOGFILE names, open for appending; null if it names none. Throws
/// UsageError naming the file.
std::unique_ptr<tls::KeyLog> KeyLogFromEnvironment();

}  // namespace lowband::tools
