#include "services/edge/fallback/wire.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

using Status = IoResult::Status;

constexpr size_t kReadBytes = 16 * 1024;  // one TLS record

TimePoint Now() { return std::chrono::steady_clock::now(); }

int TimeoutMs(std::optional<TimePoint> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

// Whether a handshake goes on: TLS tells neither what came, short of a message, nor what the client
// has of ours, but the kernel does.
class HandshakeProgress {
 public:
  explicit HandshakeProgress(int fd) : fd_(fd) {}

  /// True if the client sent or took something since the last call.
  bool Look() {
    tcp_info info{};
    socklen_t size = sizeof(info);
    if (getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    const uint64_t moved = info.tcpi_bytes_acked + info.tcpi_bytes_received;
    return std::exchange(moved_, moved) != moved;
  }

 private:
  const int fd_;
  uint64_t moved_ = 0;
};

bool IsReadable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, 0) > 0;
}

}  // namespace

bool Wire::HasRoom() const { return in_.size() - taken_ < kBufferBytes; }
bool Wire::draining() const { return IsReadable(stop_.drain_fd); }
bool Wire::aborting() const { return IsReadable(stop_.abort_fd); }

void Wire::Take(size_t bytes) {
  taken_ += bytes;
  if (taken_ < in_.size()) return;
  in_.clear();
  taken_ = 0;
}

void Wire::Fill() {
  std::array<char, kReadBytes> piece;
  while (!ended_ && !failed_ && HasRoom()) {
    const IoResult got = stream_->Read(piece);
    read_wants_out_ = got.status == Status::kWantsOut;
    if (got.status == Status::kEnd) ended_ = true;
    if (got.status == Status::kFailed) failed_ = true;
    if (got.status != Status::kDone) return;
    if (taken_ > 0) {
      in_.erase(0, taken_);
      taken_ = 0;
    }
    in_.append(piece.data(), got.bytes);
    moved_ += got.bytes;
    Counters::Add(counters_.bytes_received, got.bytes);
  }
}

void Wire::Flush() {
  while (!failed_ && unsent() > 0) {
    const IoResult put = stream_->Write(std::string_view(out_).substr(sent_));
    write_wants_in_ = put.status == Status::kWantsIn;
    if (put.status == Status::kFailed) failed_ = true;
    if (put.status != Status::kDone) return;
    sent_ += put.bytes;
    moved_ += put.bytes;
    Counters::Add(counters_.bytes_sent, put.bytes);
  }
  if (unsent() > 0) return;
  out_.clear();
  sent_ = 0;
}

void Wire::Wait(const Awaited& awaited, std::optional<TimePoint> deadline) {
  const bool reads = awaited.input && !ended_ && HasRoom();
  if (reads && stream_->HasBuffered()) return;
  short events = 0;
  if ((reads && !read_wants_out_) || write_wants_in_) events |= POLLIN;
  if ((unsent() > 0 && !write_wants_in_) || (reads && read_wants_out_)) events |= POLLOUT;
  std::array<pollfd, 4> fds{{{stream_->fd(), events, 0},
                             {stop_.abort_fd, POLLIN, 0},
                             {awaited.other_fd, POLLIN, 0},
                             {awaited.drain ? stop_.drain_fd : -1, POLLIN, 0}}};
  poll(fds.data(), fds.size(), TimeoutMs(deadline));
  // Neither readable nor writable was asked for, and still something is up: the connection is gone.
  if (events == 0 && (fds[0].revents & (POLLERR | POLLHUP)) != 0) failed_ = true;
}

bool Wire::Handshake(Duration patience, Duration life) {
  const TimePoint end = Now() + std::max(life, patience);
  HandshakeProgress progress(stream_->fd());
  TimePoint deadline = Now() + patience;
  while (true) {
    const IoResult result = stream_->Handshake();
    if (result.status == Status::kDone) return true;
    const bool wants_out = result.status == Status::kWantsOut;
    if (!wants_out && result.status != Status::kWantsIn) return false;
    if (progress.Look()) deadline = std::min(end, Now() + patience);
    if (Now() >= deadline || aborting()) return false;
    std::array<pollfd, 2> fds{{{stream_->fd(), static_cast<short>(wants_out ? POLLOUT : POLLIN), 0},
                               {stop_.abort_fd, POLLIN, 0}}};
    poll(fds.data(), fds.size(), TimeoutMs(std::min(deadline, Now() + kTlsProgressInterval)));
  }
}

void Wire::Linger() {
  const TimePoint deadline = Now() + kLingerTimeout;
  while (unsent() > 0 && !failed_ && Now() < deadline && !aborting()) {
    Flush();
    if (unsent() > 0) Wait({}, deadline);
  }
  if (failed_ || unsent() > 0) return;
  stream_->EndOutput();
  const uint64_t limit = moved_ + kLingerBytesMax;
  while (!ended_ && !failed_ && moved_ < limit && Now() < deadline && !aborting()) {
    Take(in().size());
    Wait({.input = true}, deadline);
    Fill();
  }
}

}  // namespace lowband::edge::fallback
