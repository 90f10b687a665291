#include "tools/lowband/load_worker.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "libs/client/options.h"

namespace lowband::tools {
namespace {

constexpr size_t kUdpPayloadMax = 65536;
constexpr int kEventsPerTurn = 256;
constexpr std::chrono::milliseconds kTurnMax{200};

TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace

LoadWorker::LoadWorker(LoadWorkerOptions options, const LoadPlan& plan, LoadBudget& budget)
    : options_(std::move(options)),
      plan_(plan),
      budget_(budget),
      random_(MakeSystemRandom()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      slots_(options_.sessions),
      buffer_(kUdpPayloadMax) {
  // The workers' sessions start at different places of the plan.
  for (Slot& slot : slots_) slot.turn = random_->Below(1 << 20);
}

LoadWorker::~LoadWorker() {
  slots_.clear();
  close(epoll_);
}

size_t LoadWorker::ready() const {
  return static_cast<size_t>(std::ranges::count(slots_, State::kReady, &Slot::state));
}

void LoadWorker::ConnectAll() {
  phase_ = Phase::kConnecting;
  size_t next = 0;
  while (next < slots_.size() || connecting_ > 0) {
    while (next < slots_.size() && connecting_ < options_.connecting) {
      Open(next);
      Drain(next++);
    }
    Turn();
  }
  result_.handshake_traffic = TotalTraffic();
}

void LoadWorker::RunRequests(bool measured) {
  phase_ = Phase::kRequests;
  measured_ = measured;
  last_answer_ = Now();
  const client::Traffic before = TotalTraffic();
  for (size_t index = 0; index < slots_.size(); ++index) {
    Fill(index);
    Drain(index);
  }
  for (;;) {
    const bool more = !budget_.Exhausted(Now()) && (ready() > 0 || connecting_ > 0);
    if (in_flight_ == 0 && !more) break;
    Turn();
  }
  phase_ = Phase::kConnecting;
  if (measured) result_.traffic = Difference(TotalTraffic(), before);
}

void LoadWorker::RunHandshakes() {
  phase_ = Phase::kHandshakes;
  last_answer_ = Now();
  const size_t at_once = std::min(slots_.size(), options_.connecting);
  for (size_t index = 0; index < at_once && budget_.Take(Now()); ++index) {
    Open(index);
    Drain(index);
  }
  while (connecting_ > 0) Turn();
  phase_ = Phase::kConnecting;
  result_.traffic = TotalTraffic();
}

void LoadWorker::CloseAll() {
  for (Slot& slot : slots_) {
    if (slot.session) Retire(slot);
  }
}

void LoadWorker::Turn() {
  TimePoint now = Now();
  Duration wait = kTurnMax;
  if (const auto next = timers_.Next()) wait = std::min<Duration>(wait, *next - now);
  wait = std::max(wait, Duration::zero());
  std::array<epoll_event, kEventsPerTurn> events;
  const int ready =
      epoll_wait(epoll_, events.data(), kEventsPerTurn,
                 static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
  for (int i = 0; i < ready; ++i) OnReadable(events[static_cast<size_t>(i)].data.u64);
  now = Now();
  while (const auto index = timers_.PopDue(now)) {
    Slot& slot = slots_[*index];
    slot.timer.reset();
    if (!slot.session) continue;
    slot.session->Advance(now);
    Drain(*index);
  }
}

void LoadWorker::Open(size_t index) {
  Slot& slot = slots_[index];
  auto socket = client::UdpSocket::Open(options_.server);
  if (!socket) {
    // Out of ports or descriptors; an immediate retry would not help.
    slot.state = State::kDead;
    ++result_.handshakes_failed;
    ++result_.outcomes[socket.error()];
    return;
  }
  slot.socket = std::move(*socket);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.socket->fd(), &event);
  options_.config.resume = ticket_;
  slot.session = std::make_unique<client::Session>(options_.config, *random_);
  slot.state = State::kConnecting;
  slot.answered = false;
  slot.opened = Now();
  ++connecting_;
  slot.session->Connect(slot.opened);
}

// Sends a session's last output and ends it; the slot is then free.
void LoadWorker::Retire(Slot& slot) {
  slot.session->Close(Now());
  while (const auto datagram = slot.session->PollTransmit()) slot.socket->Send(*datagram);
  Add(retired_traffic_, slot.session->traffic());
  slot.session.reset();
  slot.socket.reset();
  slot.state = State::kIdle;
}

void LoadWorker::OnReadable(size_t index) {
  Slot& slot = slots_[index];
  // One read for each possible answer; an empty read costs as much as one of a datagram.
  for (size_t reads = 0; reads < std::max<size_t>(1, slot.in_flight.size()); ++reads) {
    if (!slot.session) return;
    ByteView datagram;
    const auto status = slot.socket->Receive(buffer_, datagram);
    if (status == client::UdpSocket::Status::kOk) {
      slot.session->Receive(Now(), datagram);
    } else if (status == client::UdpSocket::Status::kRefused && slot.state == State::kConnecting) {
      OnDisconnected(index, "nothing listens at UDP " + options_.server.Text());
    } else {
      return;
    }
    Drain(index);
  }
}

void LoadWorker::Drain(size_t index) {
  Slot& slot = slots_[index];
  while (slot.session) {
    while (const auto datagram = slot.session->PollTransmit()) slot.socket->Send(*datagram);
    auto event = slot.session->PollEvent();
    if (!event) break;
    Handle(index, *event);
  }
  SetTimer(index);
}

// A timer is moved only to an earlier time; one that fires too early is harmless.
void LoadWorker::SetTimer(size_t index) {
  Slot& slot = slots_[index];
  const auto next = slot.session ? slot.session->NextDeadline() : std::nullopt;
  if (!next || (slot.timer && *slot.timer <= *next)) return;
  slot.timer = next;
  timers_.Set(index, *next);
}

void LoadWorker::Handle(size_t index, client::Event& event) {
  if (const auto* response = std::get_if<client::Response>(&event)) {
    OnAnswer(index, response->id, response->code.Text(), response->code.cls() == 2);
  } else if (const auto* failed = std::get_if<client::RequestFailed>(&event)) {
    // Disconnected follows, and until then no request can be sent.
    if (failed->failure == client::Failure::kClosed) slots_[index].state = State::kIdle;
    OnAnswer(index, failed->id, std::string(client::Text(failed->failure)), false);
  } else if (const auto* connected = std::get_if<client::Connected>(&event)) {
    OnConnected(index, *connected);
  } else if (const auto* end = std::get_if<client::Disconnected>(&event)) {
    OnDisconnected(index, std::string(end->detail));
  }
}

void LoadWorker::OnConnected(size_t index, const client::Connected& connected) {
  Slot& slot = slots_[index];
  --connecting_;
  slot.failures = 0;
  slot.state = State::kReady;
  if (options_.config.secure) {
    ++result_.handshakes;
    if (connected.resumed) ++result_.resumed;
    last_answer_ = Now();
    result_.handshake_latency.Add(last_answer_ - slot.opened);
  }
  if (options_.resume && ticket_.empty()) ticket_ = slot.session->SaveTicket();
  switch (phase_) {
    case Phase::kConnecting: return;
    case Phase::kRequests: Fill(index); return;
    case Phase::kHandshakes:
      Retire(slot);
      if (budget_.Take(Now())) Open(index);
      return;
  }
}

void LoadWorker::OnDisconnected(size_t index, const std::string& detail) {
  Slot& slot = slots_[index];
  const bool in_handshake = slot.state == State::kConnecting;
  Retire(slot);
  if (in_handshake) {
    --connecting_;
    ++result_.handshakes_failed;
    ++result_.outcomes["handshake: " + detail];
    ++slot.failures;
  }
  const bool wanted =
      phase_ != Phase::kHandshakes ? slot.failures < kConnectAttemptsMax : budget_.Take(Now());
  if (wanted) {
    Open(index);
  } else {
    slot.state = State::kDead;
  }
}

void LoadWorker::OnAnswer(size_t index, client::RequestId id, const std::string& outcome, bool ok) {
  Slot& slot = slots_[index];
  const auto found = std::ranges::find(slot.in_flight, id, &InFlight::id);
  if (found == slot.in_flight.end()) return;
  const TimePoint now = Now();
  if (measured_) {
    ++result_.requests;
    ++result_.outcomes[outcome];
    if (!ok) ++result_.failed;
    result_.latency.Add(now - found->sent);
    last_answer_ = now;
  }
  slot.in_flight.erase(found);
  --in_flight_;
  slot.answered = true;
  Fill(index);
}

void LoadWorker::Fill(size_t index) {
  Slot& slot = slots_[index];
  if (phase_ != Phase::kRequests || slot.state != State::kReady) return;
  // Requests could overtake the one with the token.
  const size_t limit = slot.answered || options_.tokens.empty() ? options_.in_flight : 1;
  while (slot.in_flight.size() < limit) {
    if (slot.session->traffic().datagrams_sent >= kDatagramsPerSessionMax) {
      if (!slot.in_flight.empty()) return;
      Retire(slot);
      Open(index);
      return;
    }
    const TimePoint now = Now();
    if (!budget_.Take(now)) return;
    SendOne(index, now);
  }
}

void LoadWorker::SendOne(size_t index, TimePoint now) {
  Slot& slot = slots_[index];
  const LoadOperation& operation = plan_.Pick(slot.turn++);
  client::Request request = operation.Make(operation.has_number() ? budget_.NextNumber() : 0);
  if (!slot.answered && !options_.tokens.empty()) {
    request.options.push_back(client::TextOption(
        coap::OptionNumber::kMatrixAccessToken,
        options_.tokens[(options_.first_session + index) % options_.tokens.size()]));
  }
  slot.in_flight.push_back({slot.session->Send(now, std::move(request)), now});
  ++in_flight_;
}

client::Traffic LoadWorker::TotalTraffic() const {
  client::Traffic sum = retired_traffic_;
  for (const Slot& slot : slots_) {
    if (slot.session) Add(sum, slot.session->traffic());
  }
  return sum;
}

}  // namespace lowband::tools
