// demo-homeserver: the in-memory homeserver behind HTTP/1.1.
//
// cpp-httplib serves each connection by one thread of a pool for its whole life, also while a /sync
// waits or the connection is idle: `--threads` is the number of connections that can be open at a
// time; more wait for a free thread.
#include <httplib.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "libs/base/address.h"
#include "tools/demo_homeserver/homeserver.h"

namespace {

using lowband::demo::Homeserver;

constexpr size_t kBodyLimit = 32 << 20;         // bytes; Synapse takes 12.5 MiB
constexpr time_t kKeepAliveSeconds = 60;        // longer than clients keep idle connections
constexpr size_t kKeepAliveRequests = 1 << 30;  // the library's own limit is five

/// cpp-httplib listens with room for five connections; of a thousand that come at once the kernel
/// would leave hundreds to TCP's retransmission, for a minute and more.
class Server final : public httplib::Server {
 public:
  void Widen() { ::listen(svr_sock_, SOMAXCONN); }
};

void Serve(Homeserver& homeserver, const httplib::Request& in, httplib::Response& out) {
  const auto reply = homeserver.Handle(
      {in.method, in.target, in.get_header_value("Authorization"), in.remote_addr, in.body});
  const auto text = reply.body.dump(-1, ' ', false, lowband::demo::Json::error_handler_t::replace);
  out.status = reply.status;
  out.set_header("Access-Control-Allow-Origin", "*");
  if (reply.retry_after_ms > 0) {
    out.set_header("Retry-After", std::to_string((reply.retry_after_ms + 999) / 1000));
  }
  if (!reply.truncate) {
    out.set_content(text, "application/json");
    return;
  }
  out.set_content_provider(text.size(), "application/json",
                           [text](size_t offset, size_t, httplib::DataSink& sink) {
                             return offset == 0 && sink.write(text.data(), text.size() / 2);
                           });
}

/// Blocks until SIGINT or SIGTERM; both are blocked in every thread.
void AwaitSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  int signal = 0;
  sigwait(&set, &signal);
}

void BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int Fail(const std::string& line) {
  std::fprintf(stderr, "demo-homeserver: %s\n", line.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  lowband::demo::Options options;
  std::string listen = "127.0.0.1:8008";
  size_t threads = 256;
  CLI::App app("An in-memory Matrix homeserver for the demo and the tests");
  app.add_option("--listen", listen, "Address and port; port 0 picks a free one")
      ->capture_default_str();
  app.add_option("--server-name", options.server_name, "Server name in user and room ids")
      ->capture_default_str();
  app.add_option("--base-url", options.base_url,
                 "base_url in answers (default: the listening address)");
  app.add_option("--rate-limit", options.rate_limit,
                 "Requests a second and access token, then 429; 0: no limit")
      ->capture_default_str();
  app.add_option("--threads", threads, "Open connections at once")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Fail(error.what());
  }
  const auto address = lowband::ParseBindAddress(listen);
  if (!address) return Fail("--listen: " + address.error());

  BlockSignals();
  Homeserver homeserver(options);
  Server server;
  server.new_task_queue = [threads] {
    return std::make_unique<httplib::ThreadPool>(threads).release();  // the server deletes it
  };
  server.set_payload_max_length(kBodyLimit);
  server.set_keep_alive_timeout(kKeepAliveSeconds);
  server.set_keep_alive_max_count(kKeepAliveRequests);
  server.set_tcp_nodelay(true);
  const auto serve = [&](const httplib::Request& in, httplib::Response& out) {
    Serve(homeserver, in, out);
  };
  server.Get(".*", serve).Post(".*", serve).Put(".*", serve).Delete(".*", serve);

  const std::string host = address->any_host ? "0.0.0.0" : address->address.HostText();
  int port = address->address.port();
  const bool bound =
      port == 0 ? (port = server.bind_to_any_port(host)) > 0 : server.bind_to_port(host, port);
  if (!bound) return Fail("--listen: cannot listen on " + listen);
  server.Widen();
  const std::string where = host + ":" + std::to_string(port);
  if (options.base_url.empty()) homeserver.SetBaseUrl("http://" + where);

  std::thread([&] { server.listen_after_bind(); }).detach();
  std::printf("listening on %s\n", where.c_str());
  std::fflush(stdout);
  AwaitSignal();
  // Without unwinding, which would wait for idle connections; there is no data to save.
  std::_Exit(0);
}
