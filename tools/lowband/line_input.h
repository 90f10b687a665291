// Lines of a descriptor, for a loop that also waits for a network.
//
// Threading: one thread. Ownership: borrows the descriptor. Limits: kInputBytesMax a line.
#pragma once

#include <optional>
#include <string>

namespace lowband::tools {

class LineInput {
 public:
  explicit LineInput(int fd);
  ~LineInput();
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  /// The next line, without its end; none: not all of it has come yet, or the input has ended.
  /// Never waits. Throws UsageError if reading fails or a line is too long.
  std::optional<std::string> Poll();
  /// All lines have been taken.
  bool ended() const { return ended_ && text_.empty(); }

  /// For Connection::Open: readable while it is armed and Poll could have more. At first it is not
  /// armed.
  int wake_fd() const { return epoll_; }
  void Arm(bool armed);

 private:
  bool Readable() const;

  int fd_;
  int epoll_;
  bool waits_ = false;  ///< A pipe or terminal; a file is always readable, and epoll refuses it.
  bool ended_ = false;
  std::string text_;  ///< Read, and not taken yet.
};

}  // namespace lowband::tools
