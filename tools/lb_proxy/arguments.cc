#include "tools/lb_proxy/arguments.h"

#include "libs/base/config_error.h"
#include "libs/base/options.h"
#include "libs/base/public_url.h"

namespace lowband::lb_proxy {
namespace {

constexpr const char* kProgram = "lb-proxy";

constexpr const char* kFooter =
    "Runs lowband-edge and lowband-translator on this machine, connected by a private unix\n"
    "socket, with the flags of the Go lb-proxy (one dash or two).\n\n"
    "Example, homeserver on the same machine:\n"
    "  lb-proxy -local 'http://localhost:8008' --tls-cert cert.pem --tls-key key.pem \\\n"
    "    --dtls-bind-addr :8008\n"
    "Example, homeserver elsewhere, with plain HTTP for media and other clients on the same port:\n"
    "  lb-proxy -local 'https://matrix.example.org' --tls-cert cert.pem --tls-key key.pem \\\n"
    "    --advertise 'https://lowband.example.org:8008' --dtls-bind-addr :8008";

}  // namespace

std::vector<std::string> NormalizeDashes(int argc, const char* const* argv) {
  std::vector<std::string> out;
  bool flags_ended = false;
  for (int i = 0; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--") flags_ended = true;
    const bool one_dash = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
    if (i > 0 && one_dash && !flags_ended) argument.insert(0, "-");
    out.push_back(std::move(argument));
  }
  return out;
}

std::optional<int> ParseArguments(int argc, const char* const* argv, Arguments& arguments) {
  OptionParser parser(kProgram, "Low-bandwidth Matrix (MSC3079) in front of any homeserver.",
                      kFooter);
  parser.Text("local", arguments.local, "The homeserver's client-server API, http:// or https://",
              "URL");
  parser.Text("tls-cert", arguments.tls_cert, "Certificate chain, PEM", "FILE");
  parser.Text("tls-key", arguments.tls_key, "Its private key, PEM", "FILE");
  parser.Text("dtls-bind-addr", arguments.dtls_bind_addr, "UDP address to listen on", "HOST:PORT");
  parser.Text("advertise", arguments.advertise,
              "Public URL of this proxy: announce it to clients, and serve plain Matrix HTTP on "
              "TCP at the same address and port (HTTPS if the URL is https)",
              "URL");
  parser.Group("Not in the Go program");
  parser.Text("edge-admin-addr", arguments.edge_admin_addr,
              "Metrics and health of the edge, or off", "HOST:PORT");
  parser.Text("translator-admin-addr", arguments.translator_admin_addr,
              "Metrics and health of the translator, or off", "HOST:PORT");
  parser.Text("log-format", arguments.log_format, "text or json");
  parser.Text("edge-config", arguments.edge_config, "More flags for lowband-edge", "FILE");
  parser.Text("translator-config", arguments.translator_config, "More flags for lowband-translator",
              "FILE");

  const std::vector<std::string> normalized = NormalizeDashes(argc, argv);
  std::vector<const char*> raw;
  for (const std::string& argument : normalized) raw.push_back(argument.c_str());
  if (const auto code = parser.Parse(static_cast<int>(raw.size()), raw.data())) return code;

  if (arguments.tls_cert.empty()) {
    return ReportBadConfig(kProgram, "--tls-cert: a certificate file is required");
  }
  if (arguments.tls_key.empty()) {
    return ReportBadConfig(kProgram, "--tls-key: a private key file is required");
  }
  if (arguments.local.empty()) {
    return ReportBadConfig(kProgram, "--local: the homeserver's URL is required");
  }
  if (!arguments.advertise.empty()) {
    try {
      (void)ParsePublicUrl(arguments.advertise);
    } catch (const ConfigError& error) {
      return ReportBadConfig(kProgram, error, parser.sources());
    }
  }
  return std::nullopt;
}

std::string PortOf(const std::string& bind_address) {
  const size_t colon = bind_address.rfind(':');
  return colon == std::string::npos ? "8008" : bind_address.substr(colon + 1);
}

std::vector<std::string> TranslatorCommand(const Arguments& arguments, const std::string& socket) {
  std::vector<std::string> command = {
      "lowband-translator", "--listen=unix:" + socket, "--local=" + arguments.local,
      "--admin-addr=" + arguments.translator_admin_addr, "--log-format=" + arguments.log_format};
  if (!arguments.advertise.empty()) command.push_back("--advertise=" + arguments.advertise);
  // A port in the URL is the public port of both transports.
  const bool url_names_port =
      !arguments.advertise.empty() && ParsePublicUrl(arguments.advertise).port.has_value();
  if (!url_names_port) {
    command.push_back("--dtls-port=" + PortOf(arguments.dtls_bind_addr));
  }
  if (!arguments.translator_config.empty()) {
    command.push_back("--config=" + arguments.translator_config);
  }
  return command;
}

std::vector<std::string> EdgeCommand(const Arguments& arguments, const std::string& socket) {
  std::vector<std::string> command = {"lowband-edge",
                                      "--translator=unix:" + socket,
                                      "--dtls-bind-addr=" + arguments.dtls_bind_addr,
                                      "--tls-cert=" + arguments.tls_cert,
                                      "--tls-key=" + arguments.tls_key,
                                      "--admin-addr=" + arguments.edge_admin_addr,
                                      "--log-format=" + arguments.log_format};
  if (!arguments.advertise.empty()) command.push_back("--advertise=" + arguments.advertise);
  if (!arguments.edge_config.empty()) command.push_back("--config=" + arguments.edge_config);
  return command;
}

}  // namespace lowband::lb_proxy
