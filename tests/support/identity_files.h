// Certificates and keys for tests, made on the spot and written to a folder of their own.
#pragma once

#include <string>

#include "libs/base/random.h"
#include "services/edge/dtls/identity.h"
#include "tests/support/temporary_folder.h"

namespace lowband::edge::dtls {

enum class KeyKind { kP256, kP384, kRsa2048, kRsa1024 };

struct IdentitySpec {
  KeyKind key = KeyKind::kP256;
  bool ip_address = true;  ///< A subject alternative name 192.0.2.1.
  std::string not_before = "20200101000000";
  std::string not_after = "20991231235959";
  KeyKind signed_by_key = KeyKind::kP256;
  bool self_signed = true;   ///< Otherwise by an authority with a key of signed_by_key.
  int authorities = 0;       ///< Certificates sent behind the server's own.
  size_t padding_bytes = 0;  ///< Makes each authority's certificate that much longer.
};

/// Writes cert.pem and key.pem to `folder` and returns their paths.
IdentityFiles WriteIdentity(const TemporaryFolder& folder, Random& random,
                            const IdentitySpec& spec = {});

}  // namespace lowband::edge::dtls
