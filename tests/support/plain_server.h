// A translator's server of lanes without TLS.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <string>

#include "services/translator/ingress/server.h"

namespace lowband {

inline translator::ingress::ServerConfig PlainServer(const std::string& listen) {
  translator::ingress::ServerConfig config;
  config.listen = listen;
  config.credentials = grpc::InsecureServerCredentials();
  return config;
}

}  // namespace lowband
