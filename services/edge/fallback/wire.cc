#include "services/edge/fallback/wire.h"

#include <array>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

using Status = IoResult::Status;

constexpr size_t kReadBytes = 16 * 1024;  // one TLS record

}  // namespace

bool Wire::HasRoom() const { return in_.size() - taken_ < kBufferBytes; }

void Wire::Take(size_t bytes) {
  taken_ += bytes;
  if (taken_ < in_.size()) return;
  std::string().swap(in_);
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
  std::string().swap(out_);
  sent_ = 0;
}

Interest Wire::interest(bool input) const {
  const bool reads = input && !ended_ && HasRoom();
  return {.in = (reads && !read_wants_out_) || write_wants_in_,
          .out = (unsent() > 0 && !write_wants_in_) || (reads && read_wants_out_),
          .now = reads && stream_->HasBuffered()};
}

}  // namespace lowband::edge::fallback
