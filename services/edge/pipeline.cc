#include "services/edge/pipeline.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>
#include <vector>

#include "libs/base/overloaded.h"
#include "libs/coap/message.h"
#include "services/edge/limits.h"

namespace lowband::edge {
namespace {

dtls::CloseReason ReasonOf(request::EndReason reason) {
  switch (reason) {
    case request::EndReason::kSuperseded: return dtls::CloseReason::kSuperseded;
    case request::EndReason::kUntold: return dtls::CloseReason::kLocal;
  }
  std::abort();
}

}  // namespace

Pipeline::Pipeline(const PipelineConfig& config, dtls::Credentials& credentials, Random& random,
                   unsigned worker, unsigned workers, admission::Admission& admission)
    : random_(random),
      dtls_(config.dtls, credentials, random, worker, workers, admission),
      messages_(config.message, random, admission.messages, worker),
      requests_(config.request, messages_, random, admission.requests, worker,
                [this](SessionId session) { return dtls_.ActiveAt(session); }),
      lanes_(config.uplink, random) {}

void Pipeline::ReceiveDatagram(TimePoint now, const SocketAddress& from, ByteView datagram) {
  dtls_.Receive(now, from, datagram);
  Pump(now);
}

void Pipeline::Handle(TimePoint now, const uplink::LaneEvent& event) {
  lanes_.Handle(now, event);
  Pump(now);
}

void Pipeline::Advance(TimePoint now) {
  dtls_.Advance(now);
  messages_.Advance(now);
  requests_.Advance(now);
  lanes_.Advance(now);
  if (drain_) {
    drain_->Advance(now, [&](SessionId session) { return EndUnlessBusy(now, session); });
  }
  Pump(now);
}

std::optional<TimePoint> Pipeline::NextDeadline() {
  const auto next = Earlier(Earlier(dtls_.NextDeadline(), messages_.NextDeadline()),
                            Earlier(requests_.NextDeadline(), lanes_.NextDeadline()));
  return drain_ ? Earlier(next, drain_->NextDeadline()) : next;
}

void Pipeline::StartDrain(TimePoint now, Duration limit) {
  dtls_.StopAccepting();
  std::vector<SessionId> sessions = dtls_.QuietestFirst();
  std::stable_partition(sessions.begin(), sessions.end(), [&](SessionId session) {
    return requests_.LoadOf(now, session) == request::Load::kNone;
  });
  drain_.emplace(now, limit, sessions, random_);
  patient_until_ = now + limit / 2;
}

// Between two blocks of a body, nothing is under way.
bool Pipeline::EndUnlessBusy(TimePoint now, SessionId session) {
  if (requests_.LoadOf(now, session) == request::Load::kRequests) return false;
  if (messages_.UnacknowledgedOf(session) > 0) return false;
  const auto active_at = dtls_.ActiveAt(session);
  if (now < patient_until_ && active_at && *active_at >= now - kDrainQuiet) return false;
  dtls_.Close(session);
  return true;
}

void Pipeline::Relieve(TimePoint now, const dtls::Relief& relief) {
  dtls_.Relieve(now, relief.proven_in_use);
  messages_.Relieve(now);
  requests_.Relieve(now);
  Pump(now);
}

void Pipeline::CloseAll(TimePoint now) {
  dtls_.CloseAll();
  lanes_.Stop(now);
  Pump(now);
}

std::optional<dtls::Transmit> Pipeline::PollTransmit() { return dtls_.PollTransmit(); }
std::optional<dtls::Relief> Pipeline::PollRelief() {
  if (const auto relief = dtls_.PollRelief()) return relief;
  if (const auto worker = messages_.PollRelief()) return dtls::Relief{*worker, false};
  if (const auto worker = requests_.PollRelief()) return dtls::Relief{*worker, false};
  return std::nullopt;
}
std::optional<uplink::Action> Pipeline::PollLaneAction() { return lanes_.PollAction(); }
std::optional<uplink::ExchangeRecord> Pipeline::PollRecord() { return lanes_.PollRecord(); }

bool Pipeline::idle() const {
  if (drain_ && dtls_.session_count() > 0) return false;
  return messages_.unanswered() == 0 && requests_.exchanges_in_flight() == 0;
}

// The stages feed each other in both directions; each turn moves everything one stage on.
void Pipeline::Pump(TimePoint now) {
  bool moved = true;
  while (moved) {
    moved = DrainDtls(now);
    moved = DrainMessages(now) || moved;
    moved = DrainRequests(now) || moved;
  }
}

bool Pipeline::DrainDtls(TimePoint now) {
  bool moved = false;
  while (auto event = dtls_.PollEvent()) {
    moved = true;
    std::visit(Overloaded{
                   [&](const dtls::SessionOpened& opened) {
                     messages_.SetNetwork(opened.session, admission::NetworkOf(opened.peer));
                     requests_.OpenSession(now, opened.session, opened.peer, opened.passed_bytes,
                                           opened.lineage);
                     if (drain_) drain_->Add(opened.session);
                   },
                   [&](const dtls::PeerMoved& move) { MovePeer(now, move); },
                   [&](const dtls::DataArrived& data) {
                     messages_.Receive(now, data.session, data.data, data.sequence);
                   },
                   [&](const dtls::SessionClosed& closed) {
                     pings_.erase(closed.session);
                     messages_.Forget(closed.session);
                     requests_.CloseSession(now, closed.session);
                   },
               },
               *event);
  }
  return moved;
}

// RFC 7252 §4.3: a client with the session's keys answers a CoAP ping, with RST or, if deployed,
// with an empty ACK. A client with too many unacknowledged messages gets no ping, and after a while
// the session returns to its old address.
void Pipeline::MovePeer(TimePoint now, const dtls::PeerMoved& moved) {
  messages_.SetNetwork(moved.session, admission::NetworkOf(moved.peer));
  requests_.MovePeer(moved.session, moved.peer);
  if (auto earlier = pings_.extract(moved.session)) {
    messages_.Abandon(now, moved.session, earlier.mapped());
  }
  if (moved.proven) return;
  const auto ping = coap::EmptyMessage(coap::Type::kConfirmable, 0);
  const auto id = messages_.SendConfirmable(now, moved.session, Bytes(ping.begin(), ping.end()));
  if (id.value != 0) pings_.emplace(moved.session, id);
}

bool Pipeline::IsPathProof(TimePoint now, const message::Event& event) {
  if (pings_.empty()) return false;
  const auto settled = message::FateOf(event);
  if (!settled) return false;
  const auto ping = pings_.find(settled->session);
  if (ping == pings_.end() || ping->second != settled->id) return false;
  pings_.erase(ping);
  if (settled->fate == message::Fate::kAnswered) {
    dtls_.ProvePath(settled->session);
  } else {
    messages_.Abandon(now, settled->session, settled->id);  // it will not be revived
  }
  return true;
}

bool Pipeline::DrainMessages(TimePoint now) {
  bool moved = false;
  while (auto event = messages_.PollEvent()) {
    moved = true;
    if (!IsPathProof(now, *event)) requests_.Handle(now, *event);
  }
  while (auto transmit = messages_.PollTransmit()) {
    moved = true;
    // False: the session has ended; its SessionClosed event cleans up.
    (void)dtls_.Send(transmit->session, transmit->message);
  }
  return moved;
}

bool Pipeline::DrainRequests(TimePoint now) {
  bool moved = false;
  while (const auto session = requests_.PollProven()) {
    dtls_.Prove(now, *session);
    messages_.Prove(*session);
  }
  while (const auto session = requests_.PollWorked()) dtls_.NoteRequest(now, *session);
  while (const auto end = requests_.PollEnd()) {
    moved = true;
    dtls_.Close(end->session, ReasonOf(end->reason));
  }
  while (auto command = requests_.PollCommand()) {
    moved = true;
    lanes_.Submit(now, std::move(*command));
  }
  while (const auto exchange = lanes_.PollObservable()) {
    moved = true;
    requests_.MakeObservable(now, *exchange);
  }
  while (auto answer = lanes_.PollAnswer()) {
    moved = true;
    requests_.Complete(now, std::move(*answer));
  }
  while (const auto piece = lanes_.PollPiece()) {
    moved = true;
    requests_.TakePiece(now, *piece);
  }
  return moved;
}

}  // namespace lowband::edge
