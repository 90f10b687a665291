// The options common to all libcurl easy handles of this stage, and the meaning of their results.
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

/// An easy handle for the homeserver: trust, connect timeout, no proxy, no redirects, unchanged
/// paths. It uses HTTP/1.1 by default, and adds only the headers that libcurl must add. Null when
/// memory is exhausted.
CurlEasy MakeEasy(const UpstreamConfig& config);

/// The reason why libcurl gave a transfer up.
mapping::UpstreamFault FaultOf(CURL* easy, CURLcode code);

/// libcurl takes 0 for no limit, so the least is 1.
long ToCurlMilliseconds(Duration duration);
constexpr long ToCurlSeconds(std::chrono::seconds seconds) {
  return static_cast<long>(seconds.count());
}

/// 0 if libcurl does not know the value.
int64_t Info(CURL* easy, CURLINFO info);
long InfoLong(CURL* easy, CURLINFO info);
/// From the start of the transfer to its end.
Duration TookOf(CURL* easy);

}  // namespace lowband::translator::upstream
