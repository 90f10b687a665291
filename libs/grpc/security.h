// Authentication of the gRPC between edge and translator: mutual TLS, or plaintext where no other
// machine can listen.
//
// Threading: startup only. Ownership: credentials are gRPC's shared values. Errors: ConfigError
// naming the flag, and the file if there is one. The files are watched: when they change, new
// connections use them, and mismatched files break new connections until they match. Replace all of
// them at once, as Kubernetes does, or the key first.
#pragma once

#include <memory>
#include <string>

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace lowband {

/// The flags of both services. Either all three files are given or none.
struct GrpcSecurity {
  std::string cert_file;  ///< --grpc-cert: PEM, this side's certificate and its chain.
  std::string key_file;   ///< --grpc-key: PEM, not encrypted.
  std::string ca_file;    ///< --grpc-ca: PEM, the authority of the other side's certificate.
  bool insecure = false;  ///< --insecure-grpc: plaintext beyond this machine.
};

/// Credentials to dial `target`, the value of `flag`. The server's certificate must be from our CA
/// and contain the target's host name.
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const GrpcSecurity& security,
                                                                 const std::string& flag,
                                                                 const std::string& target);

/// Credentials to listen on `address`, the value of `flag`. Clients must have a certificate from
/// our CA.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const GrpcSecurity& security,
                                                               const std::string& flag,
                                                               const std::string& address);

}  // namespace lowband
