#include "tools/lowband/line_input.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"

namespace lowband::tools {

LineInput::LineInput(int fd) : fd_(fd), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};
  waits_ = epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event) == 0;
  Arm(false);
}

LineInput::~LineInput() { close(epoll_); }

void LineInput::Arm(bool armed) {
  if (!waits_) return;
  epoll_event event{};
  event.events = EPOLLIN;
  if (armed) {
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
  } else {
    // Not only without EPOLLIN: the end of a pipe is reported in any case.
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd_, &event);
  }
}

bool LineInput::Readable() const {
  pollfd entry{fd_, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

std::optional<std::string> LineInput::Poll() {
  std::array<char, 65536> buffer{};
  while (!ended_ && text_.find('\n') == std::string::npos && Readable()) {
    const ssize_t count = read(fd_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw UsageError(std::string("cannot read the batch: ") + std::strerror(errno));
    if (count == 0) ended_ = true;
    text_.append(buffer.data(), static_cast<size_t>(count));
    if (text_.size() > kInputBytesMax) throw UsageError("a line of the batch is too long");
  }
  const size_t end = text_.find('\n');
  if (end == std::string::npos && (!ended_ || text_.empty())) return std::nullopt;
  std::string line = text_.substr(0, end);
  text_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

}  // namespace lowband::tools
