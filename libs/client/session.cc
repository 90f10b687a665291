#include "libs/client/session.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "libs/base/take_front.h"
#include "libs/client/limits.h"
#include "libs/client/options.h"

namespace lowband::client {
namespace {

// Bytes of a record with AES-GCM besides its message.
constexpr size_t kRecordBytes = 37;

}  // namespace

using coap::MessageView;

namespace {

constexpr std::string_view kTooLargeText =
    "the request is longer than the 6,144 bytes that one message may have: its path and queries "
    "must be shorter";
static_assert(kRequestMessageBytesMax == 6144);

}  // namespace

std::string_view Text(Failure failure) {
  switch (failure) {
    case Failure::kTimeout: return "the server did not answer in time";
    case Failure::kReset: return "the server reset the request";
    case Failure::kBlockwise: return "the block-wise transfer broke";
    case Failure::kClosed: return "the connection was closed";
    case Failure::kTooLarge: return kTooLargeText;
    case Failure::kExhausted: return "too many requests in one session";
  }
  std::abort();
}

Session::Session(const Config& config, Random& random)
    : config_(config),
      random_(random),
      messages_(config, random),
      path_(std::min(config.block_szx, kBlockSzxMax)) {}

void Session::Connect(TimePoint now) {
  if (state_ != State::kIdle) return;
  state_ = State::kConnecting;
  if (!config_.secure) {
    state_ = State::kReady;
    events_.push_back(Connected{});
    return;
  }
  auto channel = DtlsChannel::Create(config_, random_);
  if (!channel) {
    Disconnect(channel.error());
    return;
  }
  channel_ = std::move(*channel);
  channel_->Start(now);
  FollowChannel(now);
}

RequestId Session::Send(TimePoint now, Request request) {
  const RequestId id = next_id_++;
  if (state_ == State::kClosed) {
    events_.push_back(RequestFailed{id, Failure::kClosed});
    return id;
  }
  const auto token = requests_.size() < kRequestsMax ? tokens_.Take(id) : std::nullopt;
  if (!token) {
    events_.push_back(RequestFailed{id, Failure::kExhausted});
    return id;
  }
  Introduce(id, request);
  requests_.emplace(id,
                    Transfer(std::move(request), *token, path_.szx(), config_.response_bytes_max));
  if (state_ == State::kReady) {
    SendNext(now, id);
    Flush(now);
  } else {
    waiting_.push_back(id);
  }
  return id;
}

// The server keeps it for the session. Other requests under way need not send it too: the order
// does not matter.
void Session::Introduce(RequestId id, Request& request) {
  if (config_.user_agent.empty() || introducer_) return;
  introducer_ = id;
  if (FindOption(request.options, coap::OptionNumber::kUserAgent) != nullptr) return;
  request.options.push_back(TextOption(coap::OptionNumber::kUserAgent, config_.user_agent));
}

void Session::Cancel(RequestId id) {
  if (requests_.contains(id)) End(id, false);
  if (observations_.contains(id)) EraseObservation(id);
}

void Session::SendNext(TimePoint now, RequestId id) {
  const auto it = requests_.find(id);
  if (it == requests_.end()) return;
  Transfer& transfer = it->second;
  Bytes message = transfer.NextMessage(sticky_);
  if (message.size() > kRequestMessageBytesMax) {
    Fail(id, Failure::kTooLarge);
    return;
  }
  if (transfer.Begins() && config_.sticky_options) transfer.said = sticky_.Say(transfer.options());
  const bool confirmable = transfer.confirmable();
  const auto wait =
      transfer.NeedsNobody() ? MessageLayer::Wait::kForNobody : MessageLayer::Wait::kForAnswer;
  const bool sent = confirmable ? messages_.SendConfirmable(now, id, std::move(message), wait)
                                : messages_.SendNonConfirmable(now, id, std::move(message));
  if (!sent) {
    Fail(id, Failure::kExhausted);
    return;
  }
  // While a CON is unacknowledged, its own retransmissions are the deadline.
  if (confirmable) {
    answer_deadlines_.Cancel(id);
  } else if (transfer.EndsUnanswered()) {
    OnUnanswered(id);
  } else {
    answer_deadlines_.Set(id, now + config_.answer_timeout);
  }
}

void Session::Ping(TimePoint now) {
  if (state_ != State::kReady) return;
  const auto empty = coap::EmptyMessage(coap::Type::kConfirmable, 0);
  if (!messages_.SendConfirmable(now, kPing, Bytes(empty.begin(), empty.end()),
                                 MessageLayer::Wait::kForNobody)) {
    events_.push_back(Pong{false});
  }
  Flush(now);
}

void Session::Close(TimePoint now) {
  if (state_ == State::kClosed) return;
  if (channel_) channel_->CloseNotify(now);
  Disconnect("closed");
}

void Session::Disconnect(std::string detail) {
  state_ = State::kClosed;
  while (!requests_.empty()) Fail(requests_.begin()->first, Failure::kClosed);
  while (!observations_.empty()) {
    EndObservation(observations_.begin()->first, ObservationEnd::kClosed);
  }
  events_.push_back(Disconnected{std::move(detail)});
}

void Session::Receive(TimePoint now, ByteView datagram) {
  ++traffic_.datagrams_received;
  traffic_.bytes_received += datagram.size();
  if (state_ == State::kIdle || state_ == State::kClosed) return;
  if (!channel_) {
    if (config_.trace) config_.trace({now, false, datagram, datagram});
    OnMessage(now, datagram);
  } else {
    ByteView untraced = datagram;
    // A flight with a chain fills its datagrams.
    if (state_ == State::kConnecting)
      path_.Received(datagram.size() - std::min(datagram.size(), kRecordBytes));
    // The answer to a flight leaves within Receive; so the trace comes in the right order.
    if (config_.trace && state_ == State::kConnecting) {
      config_.trace({now, false, std::exchange(untraced, {}), {}});
    }
    channel_->Receive(now, datagram);
    while (const auto message = channel_->PollMessage()) {
      if (config_.trace) config_.trace({now, false, std::exchange(untraced, {}), *message});
      OnMessage(now, *message);
    }
    if (config_.trace && !untraced.empty()) config_.trace({now, false, untraced, {}});
  }
  Flush(now);
  FollowChannel(now);
}

void Session::OnMessage(TimePoint now, ByteView bytes) {
  const MessageLayer::Incoming incoming = messages_.Receive(now, bytes);
  path_.Received(bytes.size());
  path_.Sent(incoming.acknowledged_bytes);
  switch (incoming.what) {
    case MessageLayer::What::kNothing: return;
    case MessageLayer::What::kAcknowledged: OnAcknowledged(now, *incoming.handle); return;
    case MessageLayer::What::kReset: OnReset(*incoming.handle); return;
    case MessageLayer::What::kMessage: OnResponse(now, *incoming.message); return;
  }
  std::abort();
}

void Session::OnAcknowledged(TimePoint now, RequestId id) {
  if (id == kPing) {
    events_.push_back(Pong{true});
    return;
  }
  const auto request = requests_.find(id);
  if (request == requests_.end() && !observations_.contains(id)) return;
  if (request != requests_.end()) {
    sticky_.Acknowledged(request->second.said);
    if (request->second.EndsUnanswered()) {
      OnUnanswered(id);
      return;
    }
  }
  answer_deadlines_.Set(id, now + (MayAskAnew(id) ? kAnswerOverdue : config_.answer_timeout));
}

void Session::OnUnanswered(RequestId id) {
  End(id, true);
  Response nothing;
  nothing.id = id;
  events_.push_back(std::move(nothing));
}

void Session::OnResponse(TimePoint now, const MessageView& message) {
  const auto id = tokens_.Find(message.token);
  if (!id || !message.code.is_response()) {
    // RFC 7252 §4.2, §5.3.2: unmatched messages are rejected.
    messages_.Reject(now, message);
    return;
  }
  const auto request = requests_.find(*id);
  if (request != requests_.end()) sticky_.Acknowledged(request->second.said);
  if (message.code == coap::kUnauthorized) sticky_.Refused();
  if (observations_.contains(*id) && OnObserved(now, *id, message)) return;
  // The answer also replaces its acknowledgement, in case that was lost (RFC 7252 §5.3.2).
  messages_.Forget(*id);
  Transfer& transfer = request->second;
  const unsigned restarts = transfer.upload_restarts();
  const auto step = transfer.OnResponse(message);
  if (step == Transfer::Step::kSendNext && transfer.upload_restarts() > restarts &&
      config_.upload_restarted) {
    config_.upload_restarted(*id);
  }
  if (const auto szx = transfer.TakeProof()) path_.Adopt(*szx);
  if (step == Transfer::Step::kBroken) {
    messages_.Reject(now, message);  // the server must not count it as received
  } else {
    messages_.Acknowledge(now, message);
  }
  switch (step) {
    case Transfer::Step::kSendNext: SendNext(now, *id); return;
    case Transfer::Step::kDone: OnDone(*id); return;
    case Transfer::Step::kBroken: Fail(*id, Failure::kBlockwise); return;
  }
  std::abort();
}

void Session::OnDone(RequestId id) {
  Response response = requests_.at(id).TakeResponse();
  response.id = id;
  const auto observed = FetchedBy(id);
  // An error in the middle means that the body is lost, not the observation.
  if (observed && response.code.cls() != 2) {
    FailFetch(id, *observed, Failure::kBlockwise);
    return;
  }
  End(id, true);
  if (observed) {
    DeliverObserved(*observed, std::move(response));
  } else {
    // A request with an ordinary answer is no observation.
    observations_.erase(id);
    events_.push_back(std::move(response));
  }
}

void Session::OnReset(RequestId id) {
  if (id == kPing) {
    events_.push_back(Pong{true});
  } else {
    Fail(id, Failure::kReset);
  }
}

void Session::OnExpired(RequestId id) {
  if (id == kPing) {
    events_.push_back(Pong{false});
  } else {
    Fail(id, Failure::kTimeout);
  }
}

void Session::OnDue(TimePoint now, const MessageLayer::Due& due) {
  if (!due.given_up) {
    if (!SendSmaller(now, due)) messages_.Repeat(due);
    return;
  }
  if (const auto it = requests_.find(due.handle); it != requests_.end()) {
    if (const auto szx = it->second.Suspicion(path_)) path_.Adopt(*szx);
  }
  path_.Doubt();
  OnExpired(due.handle);
}

bool Session::SendSmaller(TimePoint now, const MessageLayer::Due& due) {
  const auto it = requests_.find(due.handle);
  if (it == requests_.end() || observations_.contains(due.handle)) return false;
  Transfer& transfer = it->second;
  switch (transfer.UseSmallerBlocks(path_)) {
    case Transfer::Smaller::kNothing: return false;
    case Transfer::Smaller::kGoesOn: break;
    case Transfer::Smaller::kAnew:
      if (!RenewToken(due.handle, transfer)) return false;
      break;
  }
  return messages_.Replace(now, due, transfer.NextMessage(sticky_));
}

// Answers to the earlier request must not count for this one: their blocks have different sizes.
bool Session::RenewToken(RequestId id, Transfer& transfer) {
  const auto token = tokens_.Take(id);
  if (!token) return false;
  tokens_.Release(transfer.token(), false);
  transfer.SetToken(*token);
  return true;
}

bool Session::MayAskAnew(RequestId id) const {
  const auto it = requests_.find(id);
  // A registration gets a short answer at once.
  return it != requests_.end() && !observations_.contains(id) && it->second.confirmable() &&
         config_.answer_timeout > kAnswerOverdue && it->second.MayAskForSmallerBlocks(path_);
}

void Session::OnOverdue(TimePoint now, RequestId id) {
  if (!MayAskAnew(id) || !RenewToken(id, requests_.at(id))) {
    OnExpired(id);
    return;
  }
  requests_.at(id).AskForSmallerBlocks(path_);
  SendNext(now, id);
}

void Session::Fail(RequestId id, Failure failure) {
  if (!requests_.contains(id)) {
    // An unconfirmed cancellation still ends the observation.
    if (observations_.contains(id)) EndObservation(id, ObservationEnd::kCancelled);
    return;
  }
  if (const auto observed = FetchedBy(id)) {
    FailFetch(id, *observed, failure);
    return;
  }
  End(id, false);
  observations_.erase(id);
  events_.push_back(RequestFailed{id, failure});
}

void Session::End(RequestId id, bool answered) {
  const auto it = requests_.find(id);
  if (introducer_ == id && !answered) introducer_.reset();
  tokens_.Release(it->second.token(), answered);
  messages_.Forget(id);
  answer_deadlines_.Cancel(id);
  requests_.erase(it);
}

// Updates the session's state from the channel's.
void Session::FollowChannel(TimePoint now) {
  if (!channel_ || state_ == State::kClosed) return;
  switch (channel_->state()) {
    case DtlsChannel::State::kIdle:
    case DtlsChannel::State::kHandshake: return;
    case DtlsChannel::State::kReady:
      if (state_ != State::kConnecting) return;
      state_ = State::kReady;
      events_.push_back(
          Connected{channel_->CipherSuite(), channel_->HasConnectionId(), channel_->resumed()});
      for (const RequestId id : std::exchange(waiting_, {})) SendNext(now, id);
      Flush(now);
      return;
    case DtlsChannel::State::kClosed: Disconnect(channel_->detail()); return;
  }
  std::abort();
}

// Moves the message layer's output into the channel, or directly out over plain UDP.
void Session::Flush(TimePoint now) {
  while (const auto message = messages_.PollTransmit()) {
    if (channel_) {
      channel_->Seal(now, *message);
    } else {
      plain_out_.Push({}, *message);
      if (config_.trace) config_.trace({now, true, *message, *message});
    }
  }
}

void Session::Advance(TimePoint now) {
  if (state_ == State::kIdle || state_ == State::kClosed) return;
  if (channel_) channel_->Advance(now);
  while (const auto due = messages_.PopDue(now)) OnDue(now, *due);
  while (const auto id = answer_deadlines_.PopDue(now)) OnOverdue(now, *id);
  Flush(now);
  FollowChannel(now);
}

std::optional<TimePoint> Session::NextDeadline() {
  if (state_ == State::kIdle || state_ == State::kClosed) return std::nullopt;
  const auto own = Earlier(messages_.NextDeadline(), answer_deadlines_.Next());
  return channel_ ? Earlier(own, channel_->NextDeadline()) : own;
}

std::optional<Event> Session::PollEvent() { return TakeFront(events_); }

std::optional<ByteView> Session::PollTransmit() {
  std::optional<ByteView> datagram;
  if (channel_) {
    datagram = channel_->PollDatagram();
  } else if (const auto packet = plain_out_.Pop()) {
    datagram = packet->bytes;
  }
  if (!datagram) return std::nullopt;
  ++traffic_.datagrams_sent;
  traffic_.bytes_sent += datagram->size();
  return datagram;
}

Traffic Session::traffic() const {
  Traffic traffic = traffic_;
  traffic.retransmissions = messages_.retransmissions();
  return traffic;
}

Bytes Session::SaveTicket() const { return channel_ ? channel_->SaveTicket() : Bytes{}; }

}  // namespace lowband::client
