// One connection to the admin server: reads one request and writes one answer.
//
//   reading ──head whole──▶ asked ──Answer──▶ writing ──all written──▶ done
//      └──── peer gone, too long, too slow, malformed ────▶ done
//
// Threading: the admin server's loop. Ownership: of the descriptor. Limits: kHeadBytesMax,
// kTimeout for the request and for the answer. Spec: RFC 9112 §3, §6.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/base/time.h"

namespace lowband::admin {

/// A probe's or scraper's request is far below this.
inline constexpr size_t kHeadBytesMax = 4096;
inline constexpr std::chrono::seconds kTimeout{5};

class Connection {
 public:
  enum class State : uint8_t { kReading, kAsked, kWriting, kDone };

  /// Takes `fd`, a non-blocking socket.
  Connection(int fd, TimePoint now) : fd_(fd), deadline_(now + kTimeout) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  State state() const { return state_; }
  /// The events for poll.
  short events() const;
  /// The path of the request, without its query. State kAsked only.
  std::string_view path() const { return path_; }
  TimePoint deadline() const { return deadline_; }

  /// The descriptor is ready to read or write.
  void OnReady(TimePoint now);
  /// State kAsked only: writes the answer, after which the connection ends.
  void Answer(TimePoint now, int status, std::string_view content_type, std::string_view body);

 private:
  void Read(TimePoint now);
  void ReadHead(TimePoint now, std::string_view head);
  void Write();

  const int fd_;
  State state_ = State::kReading;
  TimePoint deadline_;
  bool head_only_ = false;  ///< HEAD
  std::string in_;
  std::string path_;
  std::string out_;
  size_t written_ = 0;
};

}  // namespace lowband::admin
