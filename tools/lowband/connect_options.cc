#include "tools/lowband/connect_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <cstdlib>

#include "libs/client/trust.h"
#include "libs/coap/limits.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/help_format.h"

namespace lowband::tools {

void ConnectOptions::AddTo(CLI::App& app) {
  const std::string group = "Connection";
  app.add_flag("-k,--insecure", insecure, "Accept any certificate")->group(group);
  app.add_option(
         "--cacert", ca_file,
         "Authorities that the server's certificate may come from, PEM; default: the system's")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--allow-ccm8", allow_ccm8, "Also offer AES-128-CCM-8, whose tag has only 64 bits")
      ->group(group);
  app.add_flag("--cid,!--no-cid", connection_id,
               "Offer a connection ID, so that the session survives a change of address (default)")
      ->group(group);
  app.add_option("--block-size", block_size,
                 "Bytes of a block: 16, 32, 64, 128, 256, 512 or 1024. Below 1024 also requested "
                 "from the server")
      ->type_name("BYTES")
      ->check(Quiet(CLI::IsMember({16, 32, 64, 128, 256, 512, 1024})))
      ->capture_default_str()
      ->group(group);
  app.add_option("--ack-timeout", ack_timeout_seconds,
                 "First wait for an acknowledgement; each of the next four is twice as long. No "
                 "message is repeated after 147 s")
      ->type_name("SECONDS")
      ->check(Quiet(CLI::Range(0.01, 60.0)))
      ->capture_default_str()
      ->group(group);
  app.add_option("--user-agent", user_agent,
                 "Name of the client for the homeserver's lists of devices (option 2050, sent once "
                 "per session); default: none")
      ->type_name("TEXT")
      ->check(
          Quiet(CLI::Validator([](const std::string& text) { return UserAgentProblem(text); }, "")))
      ->group(group);
}

std::string UserAgentProblem(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= coap::kUserAgentBytesMax;
  if (fits && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) return {};
  return "must be 1 to " + std::to_string(coap::kUserAgentBytesMax) + " characters of ASCII";
}

client::Config ConnectOptions::MakeConfig(bool secure) const {
  client::Config config;
  config.secure = secure;
  config.sticky_options = secure;  // there is no session without DTLS
  config.allow_ccm8 = allow_ccm8;
  config.user_agent = user_agent;
  if (!connection_id) config.connection_id.reset();
  config.block_szx = static_cast<uint8_t>(std::countr_zero(block_size) - 4);
  config.ack_timeout =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(ack_timeout_seconds));
  if (secure && !insecure) {
    auto trust = ca_file.empty() ? client::Trust::System() : client::Trust::FromFile(ca_file);
    if (!trust) {
      throw UsageError(
          (ca_file.empty() ? "" : "--cacert: ") + trust.error() +
          (ca_file.empty() ? " (--cacert names a file, -k accepts any certificate)" : ""));
    }
    config.trust = std::move(*trust);
  }
  return config;
}

std::unique_ptr<tls::KeyLog> KeyLogFromEnvironment() {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (path == nullptr || *path == '\0') return nullptr;
  auto log = tls::KeyLog::Open(path);
  if (!log) throw UsageError("SSLKEYLOGFILE: " + log.error());
  return std::move(*log);
}

}  // namespace lowband::tools
