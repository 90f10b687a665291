#include "services/translator/upstream/easy.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "services/translator/upstream/config.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

void SetTrust(CURL* easy, const UpstreamConfig& config) {
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  if (config.ca.empty()) return;  // the system's roots, by libcurl's build
  // Instead of the system's roots, not beside them: an operator who names a CA trusts only that
  // one.
  std::error_code ignored;  // Validate() has checked it
  const bool is_directory = std::filesystem::is_directory(config.ca, ignored);
  curl_easy_setopt(easy, CURLOPT_CAINFO, is_directory ? nullptr : config.ca.c_str());
  curl_easy_setopt(easy, CURLOPT_CAPATH, is_directory ? config.ca.c_str() : nullptr);
}

}  // namespace

CurlEasy MakeEasy(const UpstreamConfig& config) {
  CurlEasy owned(curl_easy_init());
  CURL* easy = owned.get();
  if (easy == nullptr) return owned;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // Paths that were checked byte for byte are sent unchanged: no dot segments are removed.
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  // Proxy variables of the environment must not divert the homeserver's traffic.
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ToCurlMilliseconds(config.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, ToCurlSeconds(kDnsCache));
  SetTrust(easy, config);
  return owned;
}

mapping::UpstreamFault FaultOf(CURL* easy, CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return mapping::UpstreamFault::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return mapping::UpstreamFault::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      // Before the transfer began the connect took too long: nothing was sent.
      return Info(easy, CURLINFO_PRETRANSFER_TIME_T) == 0 ? mapping::UpstreamFault::kConnect
                                                          : mapping::UpstreamFault::kTimeout;
    default: return mapping::UpstreamFault::kBroken;
  }
}

long ToCurlMilliseconds(Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>(std::max<int64_t>(ms, 1));
}

int64_t Info(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

long InfoLong(CURL* easy, CURLINFO info) {
  long value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

Duration TookOf(CURL* easy) { return std::chrono::microseconds(Info(easy, CURLINFO_TOTAL_TIME_T)); }

}  // namespace lowband::translator::upstream
