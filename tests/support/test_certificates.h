// Certificates for tests, made on the spot in a temporary directory.
#pragma once

#include <filesystem>
#include <string>

namespace lowband {

class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  /// Makes NAME.pem and NAME.key, signed by itself or by the certificate called `issuer`; good for
  /// localhost and 127.0.0.1.
  void Make(const std::string& name, const std::string& issuer = "") const;
  /// Writes any file.
  void Write(const std::string& name, const std::string& text) const;
  std::string Path(const std::string& name) const { return (directory_ / name).string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace lowband
