#include "services/edge/dtls/unproven_path.h"

#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

void UnprovenPath::Received(size_t bytes, bool from_there) {
  heard_there_ = from_there;
  if (from_there) received_ += bytes;
}

bool UnprovenPath::MaySend(size_t bytes) {
  if (sent_ + bytes > received_ * kUnprovenFactor) return false;
  sent_ += bytes;
  return true;
}

bool UnprovenPath::Hold(ByteView data) {
  if (held_bytes_ + data.size() > kHeldBytesMax) return false;
  held_bytes_ += data.size();
  held_.emplace_back(data.begin(), data.end());
  return true;
}

void UnprovenPath::Restart() {
  received_ = 0;
  sent_ = 0;
}

}  // namespace lowband::edge::dtls
