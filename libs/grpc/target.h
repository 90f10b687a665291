// Names of gRPC servers in flags: `dns:///host:port`, `host:port`, `ipv4:1.2.3.4:5`,
// `ipv6:[::1]:5`, `unix:PATH`. No name is resolved here.
//
// Threading: free functions; startup only. Spec: gRPC Name Resolution (doc/naming.md of gRPC).
#pragma once

#include <string>
#include <string_view>

#include "libs/base/result.h"

namespace lowband {

/// A name of a gRPC server that is well-formed.
struct GrpcTarget {
  std::string name;  ///< In gRPC's form.
  /// Only on this machine: loopback addresses, `localhost`, unix sockets.
  bool local = false;
};

/// A client's target. The error names the fault of `text`, in one line.
Result<GrpcTarget, std::string> ParseGrpcTarget(std::string_view text);

/// A server's address: `host:port` with an address literal or `localhost`, `:port` (all addresses),
/// `unix:PATH`. Port 0 takes any free one.
Result<GrpcTarget, std::string> ParseGrpcListenAddress(std::string_view text);

}  // namespace lowband
