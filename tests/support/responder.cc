#include "tests/support/responder.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "libs/client/options.h"
#include "libs/coap/block.h"

namespace lowband::client {
namespace {

using coap::Block;
using coap::MessageView;
using coap::OptionNumber;

constexpr uint8_t kSzx = 6;
constexpr size_t kBlockBytes = 1024;
constexpr uint8_t kEmptyMap = 0xa0;
// Fatal, internal_error; epoch 0 with a high sequence number, as the edge sends it.
constexpr std::array<uint8_t, 15> kStaleAlert = {21, 0xfe, 0xfd, 0, 0, 0, 1, 0,
                                                 0,  0,    0,    0, 2, 2, 80};

std::optional<Block> FindBlock(const MessageView& message, OptionNumber number) {
  const auto value = message.Find(number);
  return value ? coap::ParseBlock(*value) : std::nullopt;
}

OutgoingOption BlockOption(OptionNumber number, const Block& block) {
  const uint32_t packed = block.Pack();
  return {number, Bytes{static_cast<uint8_t>(packed >> 16), static_cast<uint8_t>(packed >> 8),
                        static_cast<uint8_t>(packed)}};
}

Asked MakeAsked(const MessageView& message) {
  Asked asked;
  asked.method = message.code;
  for (const auto& option : message.options()) {
    const std::string text(AsText(option.value));
    if (option.number == static_cast<uint16_t>(OptionNumber::kUriPath)) {
      asked.path.push_back(text);
    } else if (option.number == static_cast<uint16_t>(OptionNumber::kUriQuery)) {
      asked.queries.push_back(text);
    }
    asked.options.try_emplace(option.number, option.value.begin(), option.value.end());
  }
  return asked;
}

}  // namespace

Responder::Responder(Handler handler, const TestIdentity* identity)
    : handler_(std::move(handler)), identity_(identity) {
  fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage raw{};
  socklen_t size = SocketAddress::FromLiteral("127.0.0.1", 0)->ToSockaddr(AF_INET, raw);
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&raw), size), 0);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size);
  port_ = SocketAddress::FromSockaddr(raw).port();
  thread_ = std::thread([this] { Run(); });
}

Responder::~Responder() {
  stop_ = true;
  thread_.join();
  close(fd_);
}

size_t Responder::peers() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

void Responder::Run() {
  std::array<uint8_t, 65536> buffer;
  while (!stop_) {
    GoOn();
    pollfd entry{fd_, POLLIN, 0};
    if (poll(&entry, 1, 20) != 1) continue;
    sockaddr_storage raw{};
    socklen_t size = sizeof(raw);
    const ssize_t got =
        recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&raw), &size);
    if (got < 0) continue;
    if (ignore_ > 0) {
      --ignore_;
      continue;
    }
    OnDatagram(SocketAddress::FromSockaddr(raw), ByteView(buffer.data(), static_cast<size_t>(got)));
  }
}

void Responder::OnDatagram(const SocketAddress& from, ByteView datagram) {
  {
    const std::lock_guard lock(mutex_);
    ++peers_[from];
  }
  if (from == forgotten_) {
    if (!hide_alerts_) SendTo(from, kStaleAlert);
    return;
  }
  if (identity_ == nullptr) {
    if (const auto reply = Serve(from, datagram)) SendTo(from, *reply);
    return;
  }
  if (!dtls_ || dtls_peer_ != from) {
    dtls_ = std::make_unique<DtlsServer>(*identity_, DtlsServer::Options{});
    dtls_peer_ = from;
  }
  dtls_->Receive(std::chrono::steady_clock::now(), datagram);
  for (; !dtls_->messages.empty(); dtls_->messages.pop_front()) {
    if (const auto reply = Serve(from, dtls_->messages.front())) dtls_->Send(*reply);
  }
  FlushDtls();
}

std::optional<Bytes> Responder::Serve(const SocketAddress& from, ByteView bytes) {
  const auto message = coap::Parse(bytes);
  if (!message) return std::nullopt;
  if (!message->code.is_request()) {
    OnReply(*message);
    const bool ping = message->type == coap::Type::kConfirmable && message->code.is_empty();
    if (!ping) return std::nullopt;
    const auto reset = coap::EmptyMessage(coap::Type::kReset, message->message_id);
    return Bytes(reset.begin(), reset.end());
  }
  const auto block2 = FindBlock(*message, OptionNumber::kBlock2);
  if (block2 && block2->number > 0) {
    const Answer& answer = downloads_[from];
    if (observer_ && block2->offset() + block2->size() >= answer.body.size()) {
      observer_->fetching = false;
    }
    return Reply(*message, answer);
  }
  const auto block1 = FindBlock(*message, OptionNumber::kBlock1);
  Bytes& upload = uploads_[from];
  if (!block1 || block1->number == 0) upload.clear();
  if (block1 && block1->number > 0 && lose_upload_.exchange(false)) {
    return Reply(*message, {coap::kRequestEntityIncomplete, {}, {}});
  }
  Append(upload, message->payload);
  if (block1 && block1->more) {
    return Reply(*message, {coap::kContinue, {BlockOption(OptionNumber::kBlock1, *block1)}, {}});
  }
  Asked asked = MakeAsked(*message);
  asked.body = std::exchange(upload, {});
  if (message->FindUint(OptionNumber::kObserve) == 1u) {
    observer_.reset();
    ++deregistered_;
    return Reply(*message, {coap::kContent, {}, Bytes{kEmptyMap}});
  }
  downloads_[from] = handler_(asked);
  NoteObserver(from, *message, downloads_[from]);
  ++answered_;
  if (message->Has(OptionNumber::kNoResponse)) {
    const auto empty = coap::EmptyMessage(coap::Type::kAcknowledgement, message->message_id);
    return Bytes(empty.begin(), empty.end());
  }
  return Reply(*message, downloads_[from]);
}

Bytes Responder::Reply(const MessageView& request, const Answer& answer) {
  std::vector<OutgoingOption> options = answer.options;
  ByteView payload = answer.body;
  const auto asked = FindBlock(request, OptionNumber::kBlock2).value_or(Block{0, false, kSzx});
  if (payload.size() > asked.size()) {
    payload = payload.subspan(std::min(asked.offset(), payload.size()));
    const bool more = payload.size() > asked.size();
    payload = payload.first(std::min(payload.size(), asked.size()));
    options.push_back(BlockOption(OptionNumber::kBlock2, Block{asked.number, more, asked.szx}));
  }
  std::ranges::stable_sort(options, {}, &OutgoingOption::number);
  coap::MessageWriter writer(coap::Type::kAcknowledgement, answer.code, request.message_id,
                             request.token);
  for (const auto& option : options) writer.Option(option.number, option.value);
  return std::move(writer).Finish(payload);
}

void Responder::Then(ObservedStep step) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(step));
}

void Responder::NoteObserver(const SocketAddress& from, const MessageView& request,
                             const Answer& answer) {
  const auto* observe = FindOption(answer.options, OptionNumber::kObserve);
  if (observe == nullptr || request.FindUint(OptionNumber::kObserve) != 0u) return;
  observer_ = Observer{from, request.token, 2, std::nullopt, answer.body.size() > kBlockBytes};
}

void Responder::OnReply(const MessageView& reply) {
  if (!observer_ || observer_->in_flight != reply.message_id) return;
  observer_->in_flight.reset();
  if (reply.type == coap::Type::kReset) {
    observer_.reset();
    ++resets_;
  } else {
    ++acknowledged_;
  }
}

void Responder::GoOn() {
  if (!observer_ || observer_->in_flight || observer_->fetching) return;
  ObservedStep step;
  {
    const std::lock_guard lock(mutex_);
    if (script_.empty()) return;
    step = std::move(script_.front());
    script_.pop_front();
  }
  switch (step.what) {
    case ObservedStep::What::kNotify: Notify(step.notification); return;
    case ObservedStep::What::kClose:
      observer_.reset();
      dtls_->CloseNotify();
      FlushDtls();
      return;
    case ObservedStep::What::kLose: Ignore(1); return;
    case ObservedStep::What::kForget:
      observer_.reset();
      forgotten_ = dtls_peer_;
      dtls_.reset();
      return;
  }
}

void Responder::Notify(const Answer& answer) {
  std::vector<OutgoingOption> options = answer.options;
  ByteView payload = answer.body;
  if (answer.code.cls() == 2) {
    options.push_back(UintOption(OptionNumber::kObserve, ++observer_->number));
  }
  if (payload.size() > kBlockBytes) {
    payload = payload.first(kBlockBytes);
    options.push_back(BlockOption(OptionNumber::kBlock2, Block{0, true, kSzx}));
    observer_->fetching = true;
    downloads_[observer_->address] = answer;
  }
  std::ranges::stable_sort(options, {}, &OutgoingOption::number);
  observer_->in_flight = next_message_id_++;
  coap::MessageWriter writer(coap::Type::kConfirmable, answer.code, *observer_->in_flight,
                             observer_->token);
  for (const auto& option : options) writer.Option(option.number, option.value);
  const Bytes message = writer.Finish(payload);
  if (dtls_) {
    dtls_->Send(message);
    FlushDtls();
  } else {
    SendTo(observer_->address, message);
  }
}

void Responder::FlushDtls() {
  for (; !dtls_->outgoing.empty(); dtls_->outgoing.pop_front()) {
    SendTo(dtls_peer_, dtls_->outgoing.front());
  }
}

void Responder::SendTo(const SocketAddress& to, ByteView datagram) {
  sockaddr_storage raw{};
  const socklen_t size = to.ToSockaddr(AF_INET, raw);
  sendto(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&raw), size);
}

}  // namespace lowband::client
