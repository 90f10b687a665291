// What every libcurl easy handle of this stage shares: its options, and what its results mean.
//
// Threading: free functions; a handle is one thread's at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "libs/base/time.h"
#include "services/translator/mapping/http.h"
#include "services/translator/upstream/curl_handle.h"
#include "services/translator/upstream/homeserver.h"

namespace lowband::translator::upstream {

struct UpstreamConfig;

/// An easy handle for the homeserver: trust, connect timeout, no proxy, no redirects, paths as they
/// are. It speaks HTTP/1.1 until told otherwise, and adds to the headers only what libcurl must.
/// Null when memory is exhausted.
CurlEasy MakeEasy(const UpstreamConfig& config);

/// Why libcurl gave a transfer up.
mapping::UpstreamFault FaultOf(CURL* easy, CURLcode code);

/// libcurl takes 0 for no limit, so the least is 1.
long ToCurlMilliseconds(Duration duration);
constexpr long ToCurlSeconds(std::chrono::seconds seconds) {
  return static_cast<long>(seconds.count());
}

/// 0 for what libcurl does not know.
int64_t Info(CURL* easy, CURLINFO info);
long InfoLong(CURL* easy, CURLINFO info);
/// From the start of the transfer to its end.
Duration TookOf(CURL* easy);

}  // namespace lowband::translator::upstream
