#include "libs/grpc/runtime.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include <atomic>
#include <string_view>

#include "libs/base/log.h"

namespace lowband {
namespace {

// gRPC calls a plain function, and has one for the whole process.
std::atomic<Logger*> g_log{nullptr};

void Write(gpr_log_func_args* line) {
  Logger* log = g_log.load(std::memory_order_acquire);
  if (log == nullptr || line->severity != GPR_LOG_SEVERITY_ERROR) return;
  std::string_view file(line->file);
  file = file.substr(file.rfind('/') + 1);
  // Listening failed; the program says so itself, naming the flag.
  if (file == "chttp2_server.cc") return;
  log->Error("grpc", {{"message", line->message}, {"file", file}, {"line", line->line}});
}

}  // namespace

void KeepGrpcAlive() {
  // Each call counts; none is taken back.
  grpc_init();
}

void RouteGrpcLog(Logger* log) {
  g_log.store(log, std::memory_order_release);
  gpr_set_log_function(log != nullptr ? Write : nullptr);
}

}  // namespace lowband
