#include "services/edge/fallback/request_body.h"

#include <algorithm>

#include "libs/http/limits.h"

namespace lowband::edge::fallback {
namespace {

constexpr http::Refusal kTooLarge{413, http::Fault::kBodyTooLarge,
                                  "the body is larger than this server allows"};

}  // namespace

std::optional<http::Refusal> CheckBodyLength(const http::RequestHead& head, uint64_t bytes_max) {
  if (head.body == http::BodyForm::kLength && head.content_length > bytes_max) return kTooLarge;
  return std::nullopt;
}

RequestBody::RequestBody(const http::RequestHead& head, uint64_t bytes_max)
    : chunked_(head.body == http::BodyForm::kChunked),
      left_(chunked_ ? bytes_max : head.content_length) {
  if (head.body == http::BodyForm::kNone) left_ = 0;
}

bool RequestBody::whole() const { return chunked_ ? decoder_.done() : left_ == 0; }

Result<RequestBody::Piece, http::Refusal> RequestBody::Next(std::string_view in, size_t size_max) {
  if (chunked_) return NextChunked(in, size_max);
  const size_t size = std::min<uint64_t>({in.size(), size_max, left_});
  left_ -= size;
  return Piece{size, std::string(in.substr(0, size))};
}

Result<RequestBody::Piece, http::Refusal> RequestBody::NextChunked(std::string_view in,
                                                                   size_t size_max) {
  Piece piece;
  while (!decoder_.done()) {
    const size_t room = size_max - piece.data.size();
    if (room < http::kChunkLineBytesMax) break;
    const std::string_view rest = in.substr(piece.consumed, room);
    const auto step = decoder_.Next(rest);
    if (!step) return Failure(step.error());
    if (step->consumed == 0) break;
    if (step->data.size() > left_) return Failure(kTooLarge);
    left_ -= step->data.size();
    piece.consumed += step->consumed;
    piece.data += step->data;
  }
  return piece;
}

}  // namespace lowband::edge::fallback
