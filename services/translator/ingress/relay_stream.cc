#include "services/translator/ingress/relay_stream.h"

#include <utility>

#include "libs/grpc/contract.h"
#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {
namespace {

void Count(Counters::Count& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

RelayStream::RelayStream(RelayHandler& handler, std::shared_ptr<Shared> shared,
                         RelayPlaces::Place place)
    : handler_(handler), shared_(std::move(shared)), place_(std::move(place)) {}

void RelayStream::Begin() {
  self_ = shared_from_this();
  Count(shared_->counters.relays_started);
  {
    const MutexLock lock(mutex_);
    reading_ = true;
  }
  // At once, since for the edge it means that the relay was accepted.
  StartSendInitialMetadata();
  StartRead(&in_);
}

void RelayStream::OnReadDone(bool ok) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) {
      TakeReadEnd();
    } else if (!dead_ && !end_) {
      relay_ ? TakePiece() : TakeRequest();
    }
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::TakeRequest() {
  if (!in_.has_request()) return Refuse("the first message is not a request");
  v1::RelayRequest& request = *in_.mutable_request();
  if (request.has_content_length()) body_left_ = request.content_length();
  if (request.has_body() && body_left_ != 0) body_ = BodyState::kComing;
  if (auto own = handler_.AnswerAtOnce(request)) {
    head_ = std::move(own->head);
    if (!own->body.empty()) data_ = std::move(own->body);
    Count(shared_->counters.relays_whole);
    end_ = grpc::Status::OK;
    return;
  }
  auto relay = handler_.Make(std::move(request), weak_from_this());
  if (!relay) return Refuse(relay.error());
  relay_ = std::move(*relay);
  relay_->Begin();
}

void RelayStream::TakePiece() {
  if (in_.has_end()) return TakeBodyEnd();
  if (!in_.has_data()) return Refuse("a message behind the request is not data");
  if (in_.data().size() > contract::kChunkBytesMax) return Refuse("a piece is too large");
  if (in_.data().empty()) return;
  const bool too_long = body_left_ && in_.data().size() > *body_left_;
  if (body_ != BodyState::kComing || too_long) return Refuse("the body is longer than announced");
  piece_ = std::move(*in_.mutable_data());
  if (body_left_) {
    *body_left_ -= piece_->size();
    if (*body_left_ == 0) body_ = BodyState::kEnded;
  }
  GiveBody();
}

void RelayStream::GiveBody() {
  if (!piece_ || !body_wanted_) return;
  body_wanted_ = false;
  relay_->Body(std::move(*piece_));
  piece_.reset();
}

// A failed read after the end of the body is normal. Before that the edge has cancelled the call,
// or died, and the part of the body that came must not count as all of it.
void RelayStream::TakeReadEnd() {
  read_ended_ = true;
  if (dead_ || end_) return;
  if (!relay_) return Refuse("there is no request");
  if (body_ == BodyState::kComing) Die();
}

void RelayStream::TakeBodyEnd() {
  if (body_ != BodyState::kComing) return;  // its length announced the end
  if (body_left_) return Refuse("the body is shorter than announced");
  body_ = BodyState::kEnded;
  relay_->BodyEnd();
}

void RelayStream::BodyWanted() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || end_) return;
    body_wanted_ = true;
    GiveBody();
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::Proceed() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || end_ || head_) return;
    proceed_ = true;
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::Head(v1::RelayResponse head) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || end_) return;
    head_ = std::move(head);
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::Data(std::string data) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || end_) return;
    data_ = std::move(data);
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::End(bool whole) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || end_) return;
    Count(whole ? shared_->counters.relays_whole : shared_->counters.relays_broken);
    // The edge must know that the homeserver has answered: it still gets the head.
    if (!whole) DropBody();
    end_ = whole ? grpc::Status::OK
                 : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the homeserver's answer broke off");
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::OnWriteDone(bool ok) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) Die();
    if (std::exchange(writing_data_, false) && !dead_ && !end_) todo.taken = relay_;
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::OnCancel() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    Die();
    Plan(todo);
  }
  Do(std::move(todo));
}

void RelayStream::OnDone() {
  // This may be the last reference.
  const std::shared_ptr<RelayStream> self = std::move(self_);
  const MutexLock lock(mutex_);
  relay_.reset();
}

void RelayStream::Refuse(const std::string& why) {
  Count(shared_->counters.relays_invalid);
  if (relay_) relay_->Cancel();
  DropOutput();
  end_ = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, why);
}

void RelayStream::Die() {
  if (dead_ || finished_) return;
  dead_ = true;
  if (!end_) Count(shared_->counters.relays_cancelled);
  if (relay_) relay_->Cancel();
  DropOutput();
}

void RelayStream::DropBody() {
  proceed_ = false;
  data_.reset();
  piece_.reset();
}

void RelayStream::DropOutput() {
  head_.reset();
  DropBody();
}

bool RelayStream::FillOut() {
  if (!proceed_ && !head_ && !data_) return false;
  out_.Clear();
  if (std::exchange(proceed_, false)) {
    out_.mutable_proceed();
  } else if (head_) {
    *out_.mutable_response() = std::move(*head_);
    head_.reset();
  } else {
    out_.set_data(std::move(*data_));
    data_.reset();
    writing_data_ = true;
  }
  return true;
}

void RelayStream::Plan(Todo& todo) {
  if (finished_) return;
  const bool ending = dead_ || end_;
  if (!ending && !reading_ && !read_ended_ && !piece_) {
    reading_ = true;
    ++reads_starting_;
    todo.read = true;
  }
  if (writing_) return;
  if (!dead_ && FillOut()) {
    writing_ = true;
    todo.write = true;
    // The status is sent with the last piece.
    todo.last_write = end_ && end_->ok() && !head_ && !data_ && reads_starting_ == 0;
    if (todo.last_write) finished_ = true;
  } else if (ending && reads_starting_ == 0) {
    finished_ = true;
    todo.finish = dead_ ? grpc::Status::CANCELLED : *end_;
  }
}

void RelayStream::Do(Todo todo) {
  if (todo.read) {
    StartRead(&in_);
    Todo more;
    {
      const MutexLock lock(mutex_);
      --reads_starting_;
      Plan(more);
    }
    Do(std::move(more));
  }
  if (todo.last_write) {
    StartWriteAndFinish(&out_, grpc::WriteOptions(), grpc::Status::OK);
  } else if (todo.write) {
    StartWrite(&out_);
  }
  if (todo.taken) todo.taken->Taken();
  if (todo.finish) Finish(*todo.finish);
}

}  // namespace lowband::translator::ingress
