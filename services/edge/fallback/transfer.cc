#include "services/edge/fallback/transfer.h"

#include <utility>

#include "libs/grpc/contract.h"
#include "libs/http/method.h"
#include "libs/http/status.h"
#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

/// Until a keepalive detects a translator that hangs, any attempt may meet it.
static_assert((kAttemptsMax - 1) * kRepeatTimeout + kOpenTimeout >=
              contract::kKeepaliveTime + contract::kKeepaliveTimeout);

}  // namespace

Transfer::Transfer(TimePoint now, const TransferContext& context, const http::RequestHead& head,
                   Wire& wire)
    : context_(context),
      head_(head),
      wire_(wire),
      body_(head, context.config.body_bytes_max),
      stall_(context.config.stall_timeout),
      id_(RequestIdOf(head)),
      started_(now),
      awaits_proceed_(head.expects_continue) {}

void Transfer::Step(TimePoint now) {
  if (!call_ && ReadAhead(now)) Begin(now);
  if (call_) Advance(now);
  if (!end_) return;
  const bool usable = *end_ == TransferEnd::kServed || *end_ == TransferEnd::kNoTranslator;
  keep_alive_ = keep_alive_ && usable && body_.whole();
  call_.reset();
}

void Transfer::Advance(TimePoint now) {
  TakeEvents(now);
  wire_.Fill();
  if (!end_) Upload();
  Download();
  if (end_) return;
  if (ClientIsGone()) End(AnswerIsSent() ? TransferEnd::kServed : TransferEnd::kClientGone);
  if (aborting()) End(TransferEnd::kStopping);
  if (stall_.Stalled(now, WaitsForClient(), wire_.moved())) End(TransferEnd::kClientStalled);
  if (end_ || opened_ || now < open_deadline_) return;
  call_->Distrust();
  TakeEnd(now, CallEnd::kBroken);
}

void Transfer::MakeRoom() {
  call_.reset();
  if (!answered_) AnswerError(503, "the server is full; this connection made room");
  End(TransferEnd::kMadeRoom);
}

std::optional<TimePoint> Transfer::deadline() const {
  // A client need not wait for 100 (Continue) for ever, so its body may be read before.
  const std::optional<TimePoint> stalled = stall_.deadline();
  return call_ && !opened_ ? Earlier(stalled, open_deadline_) : stalled;
}

// Malformed chunks are usually found in the bytes that come with the head: then the request does
// not reach the homeserver.
bool Transfer::ReadAhead(TimePoint now) {
  if (head_.body != http::BodyForm::kChunked || head_.expects_continue) return true;
  wire_.Fill();
  TakePiece();
  if (end_) return false;
  if (!piece_.empty() || body_.whole()) return true;
  if (wire_.failed() || wire_.ended()) End(TransferEnd::kClientGone);
  if (aborting()) End(TransferEnd::kStopping);
  if (stall_.Stalled(now, true, wire_.moved())) End(TransferEnd::kClientStalled);
  return false;
}

void Transfer::TakePiece() {
  auto piece = body_.Next(wire_.in(), kBufferBytes);
  if (!piece) {
    refusal_ = piece.error();
    return End(TransferEnd::kBadBody);
  }
  wire_.Take(piece->consumed);
  piece_ = std::move(piece->data);
}

void Transfer::Begin(TimePoint now) {
  ++attempts_;
  opened_ = writes_ended_ = reads_next_ = held_ = false;
  const bool repeatable = MayRepeat(CallEnd::kBroken);
  open_deadline_ = now + (repeatable ? kRepeatTimeout : kOpenTimeout);
  writing_ = true;
  call_ = context_.channel.Open(context_.waker, MakeRelayRequest(head_, context_.client, id_),
                                kWindowBytes);
}

void Transfer::TakeEvents(TimePoint now) {
  call_->Drain(events_);
  const int attempt = attempts_;
  for (CallEvent& event : events_) {
    // The remaining events belong to an abandoned call, or are no longer needed.
    if (end_ || attempts_ != attempt) return;
    if (std::holds_alternative<CallOpened>(event)) {
      opened_ = true;
    } else if (std::holds_alternative<CallWritten>(event)) {
      writing_ = false;
    } else if (auto* received = std::get_if<CallReceived>(&event)) {
      opened_ = true;
      Take(now, *received);
    } else {
      TakeEnd(now, std::get<CallEnded>(event).end);
    }
  }
}

void Transfer::Take(TimePoint now, CallReceived& received) {
  reads_next_ = true;
  switch (received.chunk->kind_case()) {
    case v1::RelayChunk::kProceed:
      if (std::exchange(awaits_proceed_, false) && !answered_) {
        wire_.Send("HTTP/1.1 100 Continue\r\n\r\n");
      }
      break;
    case v1::RelayChunk::kResponse: return TakeHead(now, received.chunk->response());
    case v1::RelayChunk::kData: return TakeData(now, received.chunk->data());
    case v1::RelayChunk::kEnd:
    case v1::RelayChunk::kRequest:
    case v1::RelayChunk::KIND_NOT_SET: break;
  }
}

void Transfer::TakeHead(TimePoint now, const v1::RelayResponse& response) {
  if (answered_ || held_) return TakeEnd(now, CallEnd::kBroken);
  // While the client still sends its body, the start of its next request is unknown.
  keep_alive_ =
      head_.keep_alive && body_.whole() && !context_.stop.draining.load(std::memory_order_relaxed);
  auto answer = MakeAnswerHead(head_, response, keep_alive_);
  if (!answer) return TakeEnd(now, CallEnd::kBroken);
  answer_ = std::move(*answer);
  answer_bytes_ = 0;
  if (answer_.framing == Framing::kUntilClose) keep_alive_ = false;
  held_ = answer_.framing == Framing::kLength && answer_.content_length > 0 &&
          answer_.content_length <= kHeldAnswerBytesMax;
  if (!held_) GiveAnswer();
}

void Transfer::GiveAnswer() {
  held_ = false;
  answered_ = true;
  status_ = answer_.status;
  wire_.Send(std::exchange(answer_.bytes, {}));
  Counters::Add(context_.counters.answers[status_ / 100]);
}

void Transfer::TakeData(TimePoint now, std::string_view data) {
  if (!answered_ && !held_) return TakeEnd(now, CallEnd::kBroken);
  answer_bytes_ += data.size();
  if (held_) {
    if (answer_bytes_ > answer_.content_length) return TakeEnd(now, CallEnd::kBroken);
    answer_.bytes += data;
    if (answer_bytes_ == answer_.content_length) GiveAnswer();
    return;
  }
  switch (answer_.framing) {
    case Framing::kNone: return;
    case Framing::kLength:
      // Excess bytes would be taken for the next answer.
      if (answer_bytes_ > answer_.content_length) return End(TransferEnd::kBroken);
      return wire_.Send(data);
    case Framing::kUntilClose: return wire_.Send(data);
    case Framing::kChunked:
      if (data.empty()) return;  // it would be the last chunk
      wire_.Send(http::ChunkHead(data.size()));
      wire_.Send(data);
      return wire_.Send(http::kChunkEnd);
  }
}

void Transfer::TakeEnd(TimePoint now, CallEnd end) {
  if (end == CallEnd::kServed && held_) end = CallEnd::kBroken;  // shorter than its Content-Length
  if (end == CallEnd::kServed && answered_) {
    const bool short_of =
        answer_.framing == Framing::kLength && answer_bytes_ != answer_.content_length;
    if (short_of) return End(TransferEnd::kBroken);
    if (answer_.framing == Framing::kChunked) wire_.Send(http::kLastChunk);
    answer_whole_ = true;
    return;
  }
  if (answered_) return End(TransferEnd::kBroken);
  if (end == CallEnd::kBroken && opened_) ++deaths_;
  if (MayRepeat(end)) {
    Counters::Add(context_.counters.retried);
    return Begin(now);
  }
  if (end == CallEnd::kOverload) {
    AnswerError(503, "too many transfers are under way");
  } else if (end == CallEnd::kNotTaken || http::IsSafe(head_.method)) {
    AnswerError(503, "the gateway has no translator at present");
  } else {
    AnswerError(502, "the translator failed; the request may have been carried out");
  }
  End(TransferEnd::kNoTranslator);
}

TransferRecord Transfer::record(TimePoint now) const {
  return {.id = id_,
          .method = head_.method,
          .client_address = context_.client.address,
          .took = now - started_,
          .status = status_,
          .answer_bytes = answer_bytes_,
          .resent = attempts_ > 1,
          .end = *end_};
}

bool Transfer::MayRepeat(CallEnd end) const {
  // A request whose calls broke at two translators is not sent to a third.
  if (attempts_ >= kAttemptsMax || deaths_ > 1 || body_taken_) return false;
  if (end == CallEnd::kNotTaken) return true;
  return end == CallEnd::kBroken && (http::IsSafe(head_.method) || BodyIsHere());
}

// Without its body a request is not carried out, even if a translator has its head.
bool Transfer::BodyIsHere() const {
  const bool has_body = head_.body == http::BodyForm::kChunked || head_.content_length > 0;
  return has_body && !body_taken_ && !writes_ended_;
}

void Transfer::AnswerError(uint16_t status, std::string_view error) {
  keep_alive_ = false;
  status_ = status;
  Counters::Add(context_.counters.answers[status / 100]);
  wire_.Send(MakeErrorAnswer(status, "M_UNKNOWN", error, head_.method == "HEAD"));
}

void Transfer::Upload() {
  if (writing_ || writes_ended_ || !opened_ || answer_whole_) return;
  if (piece_.empty() && !body_.whole()) TakePiece();
  if (end_) return;
  if (!piece_.empty()) {
    body_taken_ = true;
    awaits_proceed_ = false;
    writing_ = true;
    return call_->Write(std::exchange(piece_, {}));
  }
  if (!body_.whole()) return;
  writes_ended_ = true;
  call_->EndWrites(head_.body != http::BodyForm::kNone);
}

void Transfer::Download() {
  wire_.Flush();
  if (wire_.unsent() > 0) return;
  if (answer_whole_ && !end_) return End(TransferEnd::kServed);
  if (std::exchange(reads_next_, false) && !end_) call_->ReadNext(kWindowBytes);
}

bool Transfer::ClientIsGone() const {
  if (wire_.failed()) return true;
  if (!wire_.ended()) return false;
  // A client that closes its side waits for no answer; requests that it sent before are served.
  return wire_.in().empty() || (!body_.whole() && !writing_ && opened_);
}

// A client may close after the complete answer, before the call's own end has come.
bool Transfer::AnswerIsSent() const {
  if (!answered_ || wire_.unsent() > 0) return false;
  if (answer_.framing == Framing::kNone) return true;
  return answer_.framing == Framing::kLength && answer_bytes_ == answer_.content_length;
}

bool Transfer::WaitsForClient() const {
  if (wire_.unsent() > 0) return true;
  return !body_.whole() && !writing_ && opened_ && !awaits_proceed_ && !answered_;
}

}  // namespace lowband::edge::fallback
