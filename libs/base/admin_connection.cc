#include "libs/base/admin_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lowband::admin {
namespace {

std::string_view ReasonOf(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    default: return "";
  }
}

bool WouldWait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Connection::~Connection() { close(fd_); }

short Connection::events() const {
  if (state_ == State::kReading) return POLLIN;
  return state_ == State::kWriting ? POLLOUT : 0;
}

void Connection::OnReady(TimePoint now) {
  if (state_ == State::kReading) Read(now);
  if (state_ == State::kWriting) Write();
}

void Connection::Read(TimePoint now) {
  std::array<char, 1024> piece;
  while (state_ == State::kReading) {
    const ssize_t size = recv(fd_, piece.data(), piece.size(), 0);
    if (size < 0 && WouldWait()) return;
    if (size <= 0) {
      state_ = State::kDone;
      return;
    }
    // The end of the head may begin in the previous piece.
    const size_t from = in_.size() < 3 ? 0 : in_.size() - 3;
    in_.append(piece.data(), static_cast<size_t>(size));
    const size_t end = in_.find("\r\n\r\n", from);
    if (end != std::string::npos) {
      ReadHead(now, std::string_view(in_).substr(0, end));
    } else if (in_.size() > kHeadBytesMax) {
      Answer(now, 400, "text/plain", "the request is too long\n");
    }
  }
}

void Connection::ReadHead(TimePoint now, std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end ||
      !line.substr(target_end + 1).starts_with("HTTP/1.")) {
    Answer(now, 400, "text/plain", "this is not an HTTP/1 request\n");
    return;
  }
  const std::string_view method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (method != "GET" && method != "HEAD") {
    Answer(now, 405, "text/plain", "only GET and HEAD are supported\n");
    return;
  }
  head_only_ = method == "HEAD";
  path_ = target.substr(0, target.find('?'));
  state_ = State::kAsked;
}

void Connection::Answer(TimePoint now, int status, std::string_view content_type,
                        std::string_view body) {
  out_ = "HTTP/1.1 " + std::to_string(status) + ' ';
  out_ += ReasonOf(status);
  out_ += "\r\nContent-Type: ";
  out_ += content_type;
  out_ += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  if (status == 405) out_ += "Allow: GET, HEAD\r\n";
  out_ += "Connection: close\r\n\r\n";
  if (!head_only_) out_ += body;
  deadline_ = now + kTimeout;
  state_ = State::kWriting;
  Write();
}

void Connection::Write() {
  while (written_ < out_.size()) {
    const ssize_t size = send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (size < 0 && WouldWait()) return;
    if (size <= 0) break;
    written_ += static_cast<size_t>(size);
  }
  state_ = State::kDone;
}

}  // namespace lowband::admin
