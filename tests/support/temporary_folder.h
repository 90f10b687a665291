// A folder for the files and sockets of a test.
#pragma once

#include <filesystem>
#include <string>

namespace lowband {

/// A folder that lives as long as the object; its path is short enough for the names of sockets.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file; its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

void WriteFile(const std::string& path, const std::string& text);
std::string ReadFileText(const std::string& path);

}  // namespace lowband
