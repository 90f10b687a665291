// Names of gRPC servers as flags carry them: `dns:///host:port`, `host:port`, `ipv4:1.2.3.4:5`,
// `ipv6:[::1]:5`, `unix:PATH`. Nothing is resolved here.
//
// Threading: free functions; startup only. Spec: gRPC Name Resolution (doc/naming.md of gRPC).
#pragma once

#include <string>
#include <string_view>

#include "libs/base/result.h"

namespace lowband {

/// A name of a gRPC server that is well-formed.
struct GrpcTarget {
  std::string name;  ///< As gRPC wants it.
  /// Nothing off this machine is meant: loopback addresses, `localhost`, unix sockets only.
  bool local = false;
};

/// What a client dials. The error says what is wrong with `text`, in one line.
Result<GrpcTarget, std::string> ParseGrpcTarget(std::string_view text);

/// What a server listens on: `host:port` with an address literal or `localhost`, `:port` (every
/// address), `unix:PATH`. Port 0 takes any free one.
Result<GrpcTarget, std::string> ParseGrpcListenAddress(std::string_view text);

}  // namespace lowband
