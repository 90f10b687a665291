#include "services/edge/fallback/connection.h"

#include <unistd.h>

#include <utility>

namespace lowband::edge::fallback {
namespace {

constexpr http::Refusal kTooSlow{408, http::Fault::kTimeout, "the request arrived too slowly"};

std::string_view Errcode(uint16_t status) {
  switch (status) {
    case 405:
    case 501: return "M_UNRECOGNIZED";
    case 413:
    case 414:
    case 431: return "M_TOO_LARGE";
    default: return "M_UNKNOWN";
  }
}

}  // namespace

struct Connection::Exchange {
  Exchange(TimePoint now, const TransferContext& context, http::RequestHead given, Wire& wire)
      : head(std::move(given)), transfer(now, context, head, wire) {}

  const http::RequestHead head;
  Transfer transfer;
};

Connection::Connection(TimePoint now, const ConnectionContext& context, ConnectionTable::Id id,
                       std::unique_ptr<ByteStream> stream, Client client, Waker waker)
    : id_(id),
      context_(context),
      seat_(context.table, id),
      client_(std::move(client)),
      transfers_{context.config,   client_,      context.channel,
                 std::move(waker), context.stop, context.counters},
      wire_(std::move(stream), context.counters) {
  handshake_.emplace(now, wire_.stream(), context.config.head_timeout,
                     context.config.tls_handshake_life);
}

Connection::~Connection() = default;

void Connection::Step(TimePoint now) {
  bool changed = true;
  while (changed) {
    switch (state_) {
      case State::kHandshake: changed = StepHandshake(now); break;
      case State::kHead: changed = StepHead(now); break;
      case State::kTransfer: changed = StepTransfer(now); break;
      case State::kLinger: changed = StepLinger(now); break;
      case State::kOver: return;
    }
  }
}

Interest Connection::interest() const {
  switch (state_) {
    case State::kHandshake: return {.in = !handshake_->wants_out(), .out = handshake_->wants_out()};
    case State::kHead:
    case State::kTransfer: return wire_.interest(true);
    case State::kLinger: return wire_.interest(output_ended_);
    case State::kOver: break;
  }
  return {};
}

std::optional<TimePoint> Connection::deadline() const {
  switch (state_) {
    case State::kHandshake: return handshake_->deadline();
    case State::kHead:
    case State::kLinger: return deadline_;
    case State::kTransfer: return exchange_->transfer.deadline();
    case State::kOver: break;
  }
  return std::nullopt;
}

bool Connection::StepHandshake(TimePoint now) {
  const Handshake::State state = handshake_->Step(now);
  if (state == Handshake::State::kGoesOn && !aborting()) return false;
  handshake_.reset();
  if (state == Handshake::State::kDone) {
    ExpectHead(now, context_.config.head_timeout);
    return true;
  }
  if (wire_.stream().PeerSpeaksPlainHttp()) {
    TellPlainHttp();
  } else {
    context_.counters.Add(ConnectionEvent::kTlsFailed);
  }
  return End();
}

void Connection::TellPlainHttp() {
  context_.counters.Add(ConnectionEvent::kPlainText);
  const auto plain = MakePlainStream(dup(wire_.stream().fd()));
  plain->Write(MakeErrorAnswer(400, "M_UNKNOWN", "this port speaks HTTPS: use https://", false));
  plain->EndOutput();
}

void Connection::ExpectHead(TimePoint now, Duration patience) {
  state_ = State::kHead;
  reader_ = {};
  head_expected_ = true;
  head_begun_ = false;
  deadline_ = now + patience;
}

bool Connection::StepHead(TimePoint now) {
  // The input of the previous request may already contain this one completely.
  if (!std::exchange(head_expected_, false)) wire_.Fill();
  if (!head_begun_ && !wire_.in().empty()) {
    head_begun_ = true;
    deadline_ = now + context_.config.head_timeout;
    seat_.Set(Activity::kOpening);
  }
  auto parsed = reader_.Read(wire_.in());
  if (!parsed) {
    Refuse(parsed.error(), false);
    return Linger(now);
  }
  if (*parsed) {
    wire_.Take((*parsed)->size);
    StartTransfer(now, std::move(**parsed));
    return true;
  }
  const bool no_more = wire_.failed() || wire_.ended() || aborting();
  if (no_more || (!head_begun_ && draining())) return Linger(now);
  if (now < deadline_) return false;
  if (head_begun_) Refuse(kTooSlow, false);
  if (!head_begun_) context_.counters.Add(ConnectionEvent::kIdle);
  return Linger(now);
}

void Connection::StartTransfer(TimePoint now, http::RequestHead head) {
  if (const auto refusal = CheckBodyLength(head, context_.config.body_bytes_max)) {
    Refuse(*refusal, head.method == "HEAD");
    Linger(now);
    return;
  }
  state_ = State::kTransfer;
  seat_.Set(Activity::kBusy);
  Counters::Add(context_.counters.active);
  exchange_ = std::make_unique<Exchange>(now, transfers_, std::move(head), wire_);
}

bool Connection::StepTransfer(TimePoint now) {
  exchange_->transfer.Step(now);
  if (!exchange_->transfer.end()) return false;
  EndTransfer(now);
  return true;
}

void Connection::EndTransfer(TimePoint now) {
  const Transfer& transfer = exchange_->transfer;
  Counters::Sub(context_.counters.active);
  context_.counters.Add(*transfer.end());
  if (context_.config.log) context_.config.log(transfer.record(now));
  const bool goes_on = Concludes(transfer);
  exchange_.reset();
  if (goes_on) {
    seat_.Set(Activity::kIdle);
    ExpectHead(now, context_.config.idle_timeout);
  } else {
    Linger(now);
  }
}

bool Connection::Concludes(const Transfer& transfer) {
  switch (*transfer.end()) {
    case TransferEnd::kServed:
    case TransferEnd::kNoTranslator: return transfer.keep_alive();
    case TransferEnd::kBadBody:
      if (!transfer.answered()) Refuse(transfer.refusal(), false);
      return false;
    case TransferEnd::kClientStalled:
      if (!transfer.answered()) Refuse(kTooSlow, false);
      return false;
    case TransferEnd::kMadeRoom:
      if (!transfer.answered()) return false;
      break;
    case TransferEnd::kClientGone:
    case TransferEnd::kBroken:
    case TransferEnd::kStopping: break;
  }
  // The client must see that its answer is incomplete.
  wire_.Abandon();
  return false;
}

bool Connection::Linger(TimePoint now) {
  if (wire_.failed()) return End();
  state_ = State::kLinger;
  seat_.Set(Activity::kIdle);
  deadline_ = now + kLingerTimeout;
  return true;
}

// Sends the remaining output, signals its end to the client, and discards further input for a short
// time: closing at once could destroy the answer before the client reads it (RFC 9112 §9.6).
bool Connection::StepLinger(TimePoint now) {
  const bool patient = now < deadline_ && !aborting();
  if (!output_ended_) {
    wire_.Flush();
    if (wire_.failed()) return End();
    if (wire_.unsent() > 0) return patient ? false : End();
    wire_.stream().EndOutput();
    output_ended_ = true;
    linger_until_moved_ = wire_.moved() + kLingerBytesMax;
  }
  wire_.Take(wire_.in().size());
  wire_.Fill();
  wire_.Take(wire_.in().size());
  const bool more = !wire_.ended() && !wire_.failed() && wire_.moved() < linger_until_moved_;
  return more && patient ? false : End();
}

bool Connection::End() {
  state_ = State::kOver;
  return true;
}

// The answer so far is sent as far as the socket takes it at once, without a wait.
void Connection::MakeRoom(TimePoint now) {
  if (state_ == State::kTransfer) {
    exchange_->transfer.MakeRoom();
    EndTransfer(now);
  }
  if (state_ == State::kHead || state_ == State::kLinger) {
    wire_.Flush();
    if (!output_ended_) wire_.stream().EndOutput();
  }
  End();
}

void Connection::Refuse(const http::Refusal& refusal, bool without_body) {
  context_.counters.Add(refusal.fault);
  Counters::Add(context_.counters.answers[refusal.status / 100]);
  wire_.Send(MakeErrorAnswer(refusal.status, Errcode(refusal.status), refusal.text, without_body));
}

}  // namespace lowband::edge::fallback
