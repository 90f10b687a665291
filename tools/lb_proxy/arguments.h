// The command line of lb-proxy: the flags of the Go program of that name, with one dash or two,
// turned into the flags of the two services.
//
// Threading: main. Errors: one line that names the flag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lowband::lb_proxy {

struct Arguments {
  std::string local;  ///< The homeserver's URL.
  std::string tls_cert;
  std::string tls_key;
  std::string dtls_bind_addr = ":8008";
  std::string advertise;
  std::string edge_admin_addr = "off";  ///< The Go program has no admin port.
  std::string translator_admin_addr = "off";
  std::string log_format = "text";
  std::string edge_config;        ///< Passed to lowband-edge as --config.
  std::string translator_config;  ///< Passed to lowband-translator as --config.
};

/// `-name value` and `-name=value`, with one dash or two, become the two-dash form, so that the Go
/// program's command lines work unchanged.
std::vector<std::string> NormalizeDashes(int argc, const char* const* argv);

/// Fills `arguments`. None: continue; otherwise the exit code, and its message was printed.
std::optional<int> ParseArguments(int argc, const char* const* argv, Arguments& arguments);

/// The two command lines, program name first, joined by the gRPC socket `socket` (a path).
std::vector<std::string> TranslatorCommand(const Arguments& arguments, const std::string& socket);
std::vector<std::string> EdgeCommand(const Arguments& arguments, const std::string& socket);

/// The port number at the end of HOST:PORT, or "8008" if there is none.
std::string PortOf(const std::string& bind_address);

}  // namespace lowband::lb_proxy
