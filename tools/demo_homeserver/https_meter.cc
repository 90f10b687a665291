// https-meter: one request over HTTP/1.1 and TLS, with its bytes on the wire: the demo's second
// column. A homeserver without TLS gets a TLS terminator put before it, inside this process; the
// kernel counts the bytes on the client's socket (TCP_INFO), with acknowledgements and the headers
// of TCP and IPv4, separately for handshake and exchange.
//
// Usage: https-meter --stats-json FILE --cert F --key F [-X METHOD] [-d BODY] [-H HEADER]… URL
#include <netinet/in.h>
#include <sys/socket.h>
// After netinet/in.h: the kernel's tcp_info has the counters that the C library's lacks.
#include <linux/tcp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tools/demo_homeserver/tls_terminator.h"

namespace lowband::demo {
namespace {

constexpr uint64_t kHeaders = 20 + 20 + 12;  // bytes of IPv4, TCP and its timestamps, a segment
// Longer than the kernel delays an acknowledgement, which belongs to the earlier phase.
constexpr auto kSettle = std::chrono::milliseconds(120);
// Typical further headers of a Matrix client on a phone.
constexpr char kUserAgent[] =
    "User-Agent: Element/1.6.14 (Google Pixel 7; Android 14; MatrixAndroidSdk2 1.6.14)\r\n"
    "Accept-Encoding: identity\r\nConnection: Keep-Alive\r\n";

struct Flags {
  std::string method = "GET", body, url, cert, key, stats;
  std::vector<std::string> headers;
};

struct Url {
  bool tls = false;
  std::string host, port, target;
};

Url ParseUrl(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) throw std::runtime_error("URL: no scheme");
  Url url;
  url.tls = text.substr(0, scheme) == "https";
  const size_t slash = std::min(text.find('/', scheme + 3), text.size());
  const std::string authority = text.substr(scheme + 3, slash - scheme - 3);
  const size_t colon = authority.rfind(':');
  url.host = authority.substr(0, colon);
  url.port = colon == std::string::npos ? (url.tls ? "443" : "80") : authority.substr(colon + 1);
  url.target = slash == text.size() ? "/" : text.substr(slash);
  return url;
}

struct Wire {
  uint64_t segments = 0;
  uint64_t bytes = 0;  ///< With headers.
};

Wire Measure(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    throw std::runtime_error("no TCP_INFO from this kernel");
  }
  const uint64_t segments = uint64_t{info.tcpi_segs_in} + info.tcpi_segs_out;
  return {segments, info.tcpi_bytes_sent + info.tcpi_bytes_received + segments * kHeaders};
}

nlohmann::json Difference(const Wire& before, const Wire& after) {
  return {{"segments", after.segments - before.segments}, {"bytes", after.bytes - before.bytes}};
}

std::string RequestText(const Flags& flags, const Url& url) {
  std::string text = flags.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host + "\r\n";
  for (const std::string& header : flags.headers) text += header + "\r\n";
  text += kUserAgent;
  if (!flags.body.empty() || flags.method != "GET") {
    text +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(flags.body.size()) +
        "\r\n";
  }
  return text + "\r\n" + flags.body;
}

/// Reads one response; returns its status and body.
std::pair<int, std::string> ReadResponse(SSL* ssl) {
  std::string in;
  std::optional<size_t> whole;
  char buffer[16384];
  while (!whole || in.size() < *whole) {
    const int got = SSL_read(ssl, buffer, sizeof(buffer));
    if (got <= 0) throw std::runtime_error("the connection ended before the response did");
    in.append(buffer, static_cast<size_t>(got));
    const size_t head = in.find("\r\n\r\n");
    if (!whole && head != std::string::npos) {
      std::string lower = in.substr(0, head);
      for (char& c : lower) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
      const size_t at = lower.find("content-length:");
      if (at == std::string::npos) throw std::runtime_error("a response without Content-Length");
      whole = head + 4 + std::stoul(lower.substr(at + 15));
    }
  }
  return {std::stoi(in.substr(in.find(' ') + 1)), in.substr(in.find("\r\n\r\n") + 4)};
}

int Run(const Flags& flags) {
  const Url url = ParseUrl(flags.url);
  std::optional<TlsTerminator> terminator;
  if (!url.tls) terminator.emplace(flags.cert, flags.key, url.host, url.port);
  const auto connection = terminator ? ConnectTcp("127.0.0.1", std::to_string(terminator->port()))
                                     : ConnectTcp(url.host, url.port);
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  const Ssl ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), connection->fd());
  SSL_set_tlsext_host_name(ssl.get(), url.host.c_str());
  if (SSL_connect(ssl.get()) != 1) throw std::runtime_error("the TLS handshake failed");
  std::this_thread::sleep_for(kSettle);
  const Wire connected = Measure(connection->fd());

  const auto began = std::chrono::steady_clock::now();
  const std::string text = RequestText(flags, url);
  if (SSL_write(ssl.get(), text.data(), static_cast<int>(text.size())) <= 0) {
    throw std::runtime_error("the connection ended before the request was sent");
  }
  const auto [status, body] = ReadResponse(ssl.get());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  std::this_thread::sleep_for(kSettle);
  const Wire answered = Measure(connection->fd());

  std::ofstream(flags.stats) << nlohmann::json{{"handshake", Difference({}, connected)},
                                               {"exchange", Difference(connected, answered)},
                                               {"protocol", SSL_get_version(ssl.get())},
                                               {"milliseconds", took.count()},
                                               {"status", status}};
  std::printf("%s\n", body.c_str());
  SSL_shutdown(ssl.get());
  return status >= 200 && status < 300 ? 0 : 1;
}

}  // namespace
}  // namespace lowband::demo

int main(int argc, char** argv) {
  lowband::demo::Flags flags;
  CLI::App app("One request over HTTP/1.1 and TLS, with its bytes on the wire");
  app.add_option("-X", flags.method, "Method");
  app.add_option("-d", flags.body, "Body");
  app.add_option("-H", flags.headers, "Header");
  app.add_option("--cert", flags.cert, "Certificate of the TLS terminator, for a http:// URL");
  app.add_option("--key", flags.key, "Its key");
  app.add_option("--stats-json", flags.stats, "File for the figures")->required();
  app.add_option("URL", flags.url, "URL of the homeserver")->required();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return lowband::demo::Run(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "https-meter: %s\n", error.what());
    return 2;
  }
}
