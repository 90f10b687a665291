#include "tools/lowband/data_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tools/lowband/exit_status.h"

namespace lowband::tools {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Bytes ReadAll(std::FILE* file, const std::string& name) {
  Bytes all;
  std::array<uint8_t, 65536> chunk;
  while (const size_t got = std::fread(chunk.data(), 1, chunk.size(), file)) {
    if (all.size() + got > kInputBytesMax) {
      throw UsageError(name + " is larger than " + std::to_string(kInputBytesMax >> 20) + " MiB");
    }
    Append(all, ByteView(chunk.data(), got));
  }
  if (std::ferror(file) != 0) throw UsageError("cannot read " + name + ": " + std::strerror(errno));
  return all;
}

}  // namespace

Bytes ReadData(const std::string& argument) {
  if (argument == "-" || argument == "@-") return ReadAll(stdin, "standard input");
  if (argument.starts_with('@')) return ReadFile(argument.substr(1));
  const ByteView bytes = AsBytes(argument);
  return {bytes.begin(), bytes.end()};
}

Bytes ReadFile(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) throw UsageError("cannot read \"" + path + "\": " + std::strerror(errno));
  return ReadAll(file.get(), "\"" + path + "\"");
}

void WriteFile(const std::string& path, ByteView bytes, int mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  const std::unique_ptr<std::FILE, CloseFile> file(fd < 0 ? nullptr : fdopen(fd, "wb"));
  const auto put = [&] {
    return bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  };
  if (!file || !put() || std::fflush(file.get()) != 0) {
    throw UsageError("cannot write \"" + path + "\": " + std::strerror(errno));
  }
}

void WriteStandardOutput(ByteView bytes) {
  // An empty view may have a null pointer, which fwrite does not allow.
  if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

bool StandardOutputIsTerminal() { return isatty(STDOUT_FILENO) == 1; }

}  // namespace lowband::tools
