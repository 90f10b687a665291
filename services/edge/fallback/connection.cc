#include "services/edge/fallback/connection.h"

#include <unistd.h>

#include <chrono>
#include <utility>

namespace lowband::edge::fallback {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

constexpr http::Refusal kTooSlow{408, http::Fault::kTimeout, "the request took too long to come"};

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

Connection::Connection(std::unique_ptr<ByteStream> stream, Client client, const Config& config,
                       RelayChannel& channel, StopSignals stop, Counters& counters)
    : client_(std::move(client)),
      config_(config),
      counters_(counters),
      context_{config_, client_, channel, counters_},
      wire_(std::move(stream), stop, counters) {}

void Connection::Run() {
  if (!Handshake()) return;
  Duration patience = config_.head_timeout;
  while (const auto head = ReadHead(patience)) {
    patience = config_.idle_timeout;
    if (!Serve(*head)) break;
  }
  if (!wire_.failed()) wire_.Linger();
}

bool Connection::Handshake() {
  if (wire_.Handshake(config_.head_timeout, config_.tls_handshake_life)) return true;
  if (wire_.stream().PeerSpeaksPlainHttp()) {
    counters_.Add(ConnectionEvent::kPlainText);
    const auto plain = MakePlainStream(dup(wire_.stream().fd()));
    plain->Write(
        MakeErrorAnswer(400, "M_UNKNOWN", "this port speaks HTTPS: ask for https://", false));
    plain->EndOutput();
  } else {
    counters_.Add(ConnectionEvent::kTlsFailed);
  }
  return false;
}

std::optional<http::RequestHead> Connection::ReadHead(Duration patience) {
  TimePoint deadline = Now() + patience;
  bool begun = false;
  http::RequestHeadReader reader;
  while (true) {
    if (!begun && !wire_.in().empty()) {
      begun = true;
      deadline = Now() + config_.head_timeout;
    }
    auto parsed = reader.Read(wire_.in());
    if (!parsed) {
      Refuse(parsed.error(), false);
      return std::nullopt;
    }
    if (*parsed) {
      wire_.Take((*parsed)->size);
      return std::move(**parsed);
    }
    if (wire_.failed() || wire_.ended() || wire_.aborting()) return std::nullopt;
    if (!begun && wire_.draining()) return std::nullopt;
    if (Now() >= deadline) {
      if (begun) Refuse(kTooSlow, false);
      if (!begun) counters_.Add(ConnectionEvent::kIdle);
      return std::nullopt;
    }
    wire_.Wait({.input = true, .drain = !begun}, deadline);
    wire_.Fill();
  }
}

bool Connection::Serve(const http::RequestHead& head) {
  if (const auto refusal = CheckBodyLength(head, config_.body_bytes_max)) {
    Refuse(*refusal, head.method == "HEAD");
    return false;
  }
  Counters::Add(counters_.active);
  Transfer transfer(context_, head, wire_);
  const TransferEnd end = transfer.Run();
  Counters::Sub(counters_.active);
  counters_.Add(end);
  if (config_.log) config_.log(transfer.record());
  switch (end) {
    case TransferEnd::kServed:
    case TransferEnd::kNoTranslator: return transfer.keep_alive();
    case TransferEnd::kBadBody:
      if (!transfer.answered()) Refuse(transfer.refusal(), false);
      return false;
    case TransferEnd::kClientStalled:
      if (!transfer.answered()) Refuse(kTooSlow, false);
      return false;
    case TransferEnd::kClientGone:
    case TransferEnd::kBroken:
    case TransferEnd::kStopping: break;
  }
  // The client must see that its answer is not whole.
  wire_.Abandon();
  return false;
}

void Connection::Refuse(const http::Refusal& refusal, bool without_body) {
  counters_.Add(refusal.fault);
  Counters::Add(counters_.answers[refusal.status / 100]);
  wire_.Send(MakeErrorAnswer(refusal.status, Errcode(refusal.status), refusal.text, without_body));
}

}  // namespace lowband::edge::fallback
