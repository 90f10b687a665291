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

bool IsWord(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

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

SyncPosition ReadCursor(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  const Bytes bytes = ReadFile(path);
  std::string text(AsText(bytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const size_t end = std::min(text.find('\n'), text.size());
  SyncPosition position{text.substr(0, end), end < text.size() ? text.substr(end + 1) : ""};
  if (position.next.empty() || text.size() > kCursorBytesMax || !IsWord(position.next) ||
      !IsWord(position.to_device)) {
    throw UsageError("--cursor: \"" + path +
                     "\" holds no cursor, which is one word, or two lines of one; without the "
                     "file, sync begins anew");
  }
  return position;
}

void WriteCursor(const std::string& path, const SyncPosition& position) {
  const std::string fresh = path + ".new";
  const std::string second = position.to_device.empty() ? "" : position.to_device + "\n";
  if (!WriteDurably(fresh, position.next + "\n" + second)) {
    throw UsageError("--cursor: cannot write \"" + fresh + "\": " + std::strerror(errno));
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    throw UsageError("--cursor: cannot replace \"" + path + "\": " + std::strerror(errno));
  }
}

}  // namespace lowband::tools
