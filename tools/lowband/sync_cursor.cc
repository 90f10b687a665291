#include "tools/lowband/sync_cursor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "libs/base/bytes.h"
#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

constexpr mode_t kPrivateMode = 0600;

// False with errno set.
bool WriteDurably(const std::string& path, const std::string& text) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kPrivateMode);
  if (fd < 0) return false;
  // A leftover file may have another mode. Without fsync the new name could refer to an empty file
  // after a crash.
  const bool written = fchmod(fd, kPrivateMode) == 0 &&
                       write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

}  // namespace

std::string ReadCursor(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  const Bytes bytes = ReadFile(path);
  std::string text(AsText(bytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool odd = std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (odd || text.empty() || text.size() > kCursorBytesMax) {
    throw UsageError("--cursor: \"" + path +
                     "\" holds no cursor, which is one word; without the "
                     "file, sync begins anew");
  }
  return text;
}

void WriteCursor(const std::string& path, const std::string& next_batch) {
  const std::string fresh = path + ".new";
  if (!WriteDurably(fresh, next_batch + "\n")) {
    throw UsageError("--cursor: cannot write \"" + fresh + "\": " + std::strerror(errno));
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    throw UsageError("--cursor: cannot replace \"" + path + "\": " + std::strerror(errno));
  }
}

}  // namespace lowband::tools
