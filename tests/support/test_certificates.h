// Certificates for tests, made on the spot in a temporary folder.
#pragma once

#include <string>

#include "tests/support/temporary_folder.h"

namespace lowband {

class TestCertificates {
 public:
  /// Makes NAME.pem and NAME.key, signed by itself or by the certificate called `issuer`; good for
  /// localhost and 127.0.0.1.
  void Make(const std::string& name, const std::string& issuer = "") const;
  /// Writes any file.
  void Write(const std::string& name, const std::string& text) const { folder_.Write(name, text); }
  std::string Path(const std::string& name) const { return folder_.Path(name); }

 private:
  TemporaryFolder folder_;
};

}  // namespace lowband
