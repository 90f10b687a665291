#include "services/translator/upstream/config.h"

#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <memory>

#include "libs/base/config_error.h"
#include "libs/base/openssl_handles.h"
#include "services/translator/upstream/homeserver.h"

namespace lowband::translator::upstream {
namespace {

void CheckRange(const char* flag, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return;
  throw ConfigError(flag, std::to_string(value) + " is not between " + std::to_string(min) +
                              " and " + std::to_string(max));
}

void CheckCa(const std::string& path) {
  const std::string quoted = "'" + path + "' ";
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) throw ConfigError("--upstream-ca", quoted + "does not exist");
  const bool is_directory = S_ISDIR(info.st_mode);
  const X509Store store(X509_STORE_new());
  const int loaded = X509_STORE_load_locations(store.get(), is_directory ? nullptr : path.c_str(),
                                               is_directory ? path.c_str() : nullptr);
  if (loaded != 1) {
    throw ConfigError("--upstream-ca", quoted + "cannot be read or holds no PEM certificate");
  }
}

}  // namespace

void UpstreamConfig::Validate() const {
  (void)ParseHomeserver(homeserver);
  CheckRange("--upstream-threads", threads, 1, kUpstreamThreadsMax);
  CheckRange("--upstream-max-active", active_max, threads, kActiveMax);
  CheckRange("--upstream-max-pending", pending_max, 0, kPendingMax);
  CheckRange("--upstream-max-polls", polls_per_owner_max, 1, kActiveMax);
  CheckRange("--upstream-max-body", response_body_bytes_max, 1, kResponseBodyMax);
  if (connect_timeout <= Duration::zero()) {
    throw ConfigError("--upstream-connect-timeout", "must be longer than 0");
  }
  if (!ca.empty()) CheckCa(ca);
}

}  // namespace lowband::translator::upstream
