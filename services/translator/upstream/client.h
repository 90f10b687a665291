// HTTP towards the one configured homeserver: libcurl multi with epoll on threads of its own.
//
// Keep-alive, HTTP/1.1 and HTTP/2, gzip, TLS verification. Never resends a request that is not
// idempotent (transfer.h explains how): those have their own connections, and use only one that is
// fresh or was used within the last second.
//
// Threading: all members from any thread, but Drain and the destructor not from a completion.
// Completions run on an upstream thread and must not block; they may call Submit and Cancel.
// Ownership: the client owns its threads and joins them in the destructor.
// Limits: limits.h. Spec: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libs/base/result.h"
#include "services/translator/mapping/http.h"
#include "services/translator/upstream/config.h"

namespace lowband::translator::upstream {

struct UpstreamCounters;  // counters.h: atomics, read by the metrics

class UpstreamClient {
 public:
  using Completion = std::function<void(Result<mapping::HttpResponse, mapping::UpstreamFault>)>;
  using Handle = uint64_t;

  /// Throws ConfigError naming the flag when the homeserver's URL or the CA file is unusable.
  explicit UpstreamClient(const UpstreamConfig& config);
  ~UpstreamClient();

  /// Starts an exchange. `done` is called exactly once, unless Cancel() came first; always on an
  /// upstream thread, also for refusals, and possibly before Submit returns.
  Handle Submit(mapping::HttpRequest request, Completion done);
  /// After it returns no completion will start; one that is running may still finish. Unknown and
  /// finished handles are ignored.
  void Cancel(Handle handle);
  /// Waits until nothing is under way or `limit` has passed, then completes the rest with
  /// kStopping. Later submissions are refused with kStopping.
  void Drain(Duration limit);

  const UpstreamCounters& counters() const;
  /// Exchanges submitted whose completion has not yet returned.
  size_t in_flight() const;
  /// libcurl's text for the last fault, for logs: hosts and addresses, nothing of a request.
  std::string last_fault() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::translator::upstream
