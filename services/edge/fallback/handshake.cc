#include "services/edge/fallback/handshake.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {

using Status = IoResult::Status;

Handshake::Handshake(TimePoint now, ByteStream& stream, Duration patience, Duration life)
    : stream_(stream),
      patience_(patience),
      end_(now + std::max(life, patience)),
      give_up_(now + patience),
      look_again_(now) {}

Handshake::State Handshake::Step(TimePoint now) {
  const Status status = stream_.Handshake().status;
  if (status == Status::kDone) return State::kDone;
  wants_out_ = status == Status::kWantsOut;
  if (!wants_out_ && status != Status::kWantsIn) return State::kFailed;
  if (Progressed()) give_up_ = std::min(end_, now + patience_);
  if (now >= give_up_) return State::kFailed;
  look_again_ = std::min(give_up_, now + kTlsProgressInterval);
  return State::kGoesOn;
}

// The kernel knows how many bytes came and how many of ours the client has taken; OpenSSL reports
// only complete messages.
bool Handshake::Progressed() {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(stream_.fd(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  const uint64_t moved = info.tcpi_bytes_acked + info.tcpi_bytes_received;
  return std::exchange(moved_, moved) != moved;
}

}  // namespace lowband::edge::fallback
