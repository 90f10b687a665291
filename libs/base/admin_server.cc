#include "libs/base/admin_server.h"

#include <httplib.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "libs/base/config_error.h"

namespace lowband {
namespace {

constexpr size_t kThreads = 2;  // a scraper and a kubelet at once
constexpr time_t kIoTimeoutSeconds = 5;
constexpr size_t kRequestBytesMax = 4096;

}  // namespace

class AdminServer::Impl {
 public:
  explicit Impl(Hooks hooks) : hooks_(std::move(hooks)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_read_timeout(kIoTimeoutSeconds);
    server_.set_write_timeout(kIoTimeoutSeconds);
    server_.set_payload_max_length(kRequestBytesMax);
    server_.set_keep_alive_max_count(1);
    // Two services on one port would share scrapes at random: cpp-httplib sets SO_REUSEPORT.
    server_.set_socket_options([](socket_t sock) {
      const int yes = 1;
      setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(hooks_.metrics ? hooks_.metrics() : "",
                           "text/plain; version=0.0.4; charset=utf-8");
    });
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const std::string reason = hooks_.not_ready ? hooks_.not_ready() : "";
      response.status = reason.empty() ? 200 : 503;
      response.set_content(reason.empty() ? "ready\n" : reason + "\n", "text/plain");
    });
  }
  ~Impl() { Stop(); }

  void Bind(const std::string& flag, const BindAddress& address) {
    const std::string host = address.any_host ? "0.0.0.0" : address.address.HostText();
    const uint16_t wanted = address.address.port();
    errno = 0;
    const int bound = wanted == 0 ? server_.bind_to_any_port(host)
                                  : (server_.bind_to_port(host, wanted) ? wanted : -1);
    if (bound < 0) {
      throw ConfigError(flag, "cannot listen on " + address.address.Text() +
                                  " (tcp): " + std::strerror(errno == 0 ? EADDRINUSE : errno));
    }
    port_ = static_cast<uint16_t>(bound);
  }

  void Serve() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() does nothing before the loop runs, and the join after it would wait for ever.
    while (!server_.is_running()) std::this_thread::yield();
  }

  void Stop() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  uint16_t port() const { return port_; }

 private:
  Hooks hooks_;
  httplib::Server server_;
  std::thread thread_;
  uint16_t port_ = 0;
};

AdminServer::AdminServer(Hooks hooks) : impl_(std::make_unique<Impl>(std::move(hooks))) {}
AdminServer::~AdminServer() = default;
void AdminServer::Bind(const std::string& flag, const BindAddress& address) {
  impl_->Bind(flag, address);
}
void AdminServer::Serve() { impl_->Serve(); }
uint16_t AdminServer::port() const { return impl_->port(); }
void AdminServer::Stop() { impl_->Stop(); }

}  // namespace lowband
