#include "tests/sim/world.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "services/edge/dtls/counters.h"
#include "services/edge/message/counters.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/support/identity_files.h"

namespace lowband::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kCalmMax = minutes(60);
// Beside attackers, in fine weather, all has arrived within this, and so many requests were
// answered with success that each phone sends this far apart.
constexpr Duration kBesideAttackersMax = minutes(15);
constexpr size_t kAnsweredBesideAttackers = 3;
constexpr Duration kAskBesideAttackersEvery = seconds(5);
constexpr Duration kJudgeEvery = seconds(10);
constexpr size_t kViolationsMax = 20;

// A key takes longer to make than a storm to pass: one for all.
const edge::dtls::IdentityFiles& Identity() {
  static const TemporaryFolder folder;
  static const edge::dtls::IdentityFiles files =
      edge::dtls::WriteIdentity(folder, *MakeSeededRandom(1));
  return files;
}

}  // namespace

World::World(const Scenario& scenario, Canary canary, std::function<void(const std::string&)> trace)
    : scenario_(scenario),
      canary_(canary),
      trace_(std::move(trace)),
      random_(MakeSeededRandom(scenario.seed)),
      link_(timeline_, *random_),
      attackers_link_(timeline_, *random_),
      homeserver_(timeline_),
      translators_(timeline_, *random_, homeserver_, canary, scenario.replicas) {
  link_.weather = scenario.weather;
  translators_.trouble = scenario.trouble;
  homeserver_.on_since = [this](const std::string& user, uint64_t since) {
    for (const auto& phone : phones_) {
      if (phone->user() != user || phone->Has(since)) continue;
      Violation(user + ": N4: polled since s" + std::to_string(since) + ", which it does not have");
    }
  };
  config_.request.answer_window = edge::request::kAnswerWindowMin;
  limits_ = {.handshakes = 100'000,
             .handshakes_per_prefix_rate = 0,
             .requests = config_.request.ProcessLimits(),
             .messages = config_.message.ProcessLimits()};
  if (scenario.attack.sessions > 0) AddAttackers();
  StartEdge();
  for (size_t i = 0; i < scenario.phones; ++i) AddPhone(i);
}

void World::AddAttackers() {
  scenario_.attack.Apply(config_, limits_);
  attackers_link_.weather = {.delay_min = milliseconds(5), .delay_max = milliseconds(50)};
  const auto arrive = [this](const SocketAddress& from, const Bytes& datagram) {
    if (edge_) edge_->ReceiveDatagram(timeline_.now(), from, datagram);
  };
  attackers_ = std::make_unique<Attackers>(
      timeline_, scenario_.seed + 1, scenario_.attack,
      Attackers::Hooks{[this, arrive](const SocketAddress& from, ByteView datagram) {
                         attackers_link_.Carry(
                             datagram, [this, arrive, from](const Bytes& arrived) {
                               if (timeline_.now() >= paused_until_) return arrive(from, arrived);
                               timeline_.After(paused_until_ - timeline_.now(),
                                               [arrive, from, arrived] { arrive(from, arrived); });
                             });
                       },
                       [this](const std::string& text) { Trace(text); }});
}

World::~World() = default;

void World::StartEdge() {
  // Each process makes its own secrets: it knows no cookies and no tickets of the one before.
  auto credentials =
      edge::dtls::Credentials::Load(Identity(), MakeSeededRandom(scenario_.seed + ++edge_starts_));
  if (!credentials) std::abort();
  credentials_ = std::move(*credentials);
  admission_ = std::make_unique<edge::admission::Admission>(limits_);
  edge_ = std::make_unique<edge::Pipeline>(config_, *credentials_, *random_, 0, 1, *admission_);
  translators_.Connect(
      [this](const edge::uplink::LaneEvent& event) { edge_->Handle(timeline_.now(), event); });
  edge_->Advance(timeline_.now());
}

void World::CrashEdge() {
  if (!edge_) return;
  Trace("the edge crashes");
  translators_.ForgetEdge();
  AddPressure(earlier_pressure_);
  edge_.reset();
  timeline_.After(milliseconds(200 + random_->Below(20'000)), [this] {
    if (edge_) return;
    Trace("the edge is back");
    StartEdge();
  });
}

SocketAddress World::NewAddress() {
  const uint32_t n = ++next_address_;
  const std::string host = "10.0." + std::to_string(n / 250 % 250) + "." + std::to_string(n % 250);
  return *SocketAddress::FromLiteral(host, static_cast<uint16_t>(2000 + n / 62'500));
}

void World::AddPhone(size_t index) {
  client::Config config;
  if (!scenario_.connection_ids) config.connection_id.reset();
  addresses_.push_back(NewAddress());
  offline_.push_back(false);
  by_address_[addresses_.back()] = index;
  const std::string user = "u" + std::to_string(index);
  phones_.push_back(std::make_unique<Phone>(
      timeline_, *random_, user, index % 2 == 1, config,
      Phone::Hooks{[this](const std::string& text) { Violation(text); },
                   [this](const std::string& owner, const std::string& code) {
                     // No token is refused here: the edge goes on with it, whatever it told.
                     if (edge_ && edge_->requests().counters().observations_ended > 0) {
                       Violation(owner + ": N6: an observation was ended by " + code);
                     }
                   },
                   [this](const std::string& text) { Trace(text); }, trace_ != nullptr,
                   [this, index] { SettlePhone(index); }}));
}

// At times drawn as if nothing remembered the last one.
void World::Every(Duration mean, std::function<void()> run) {
  if (mean <= Duration::zero()) return;
  const double wait = -std::log(1 - random_->Unit());
  const auto delay = std::chrono::duration_cast<Duration>(mean * std::min(wait, 10.0));
  timeline_.After(delay, [this, mean, run = std::move(run)] {
    if (!storm_) return;
    run();
    Every(mean, run);
  });
}

void World::PlanStorm() {
  Every(scenario_.edge_crash_every, [this] { CrashEdge(); });
  Every(scenario_.edge_pause_every, [this] {
    paused_until_ = timeline_.now() + milliseconds(random_->Below(20'000));
    Trace("the edge stands still");
  });
  Every(scenario_.replica_crash_every, [this] {
    const size_t replica = random_->Below(translators_.replicas());
    Trace("translator " + std::to_string(replica) + " crashes");
    translators_.Kill(replica);
    timeline_.After(milliseconds(100 + random_->Below(5000)),
                    [this, replica] { translators_.Revive(replica); });
  });
  for (size_t i = 0; i < phones_.size(); ++i) PlanPhone(i);
}

void World::PlanPhone(size_t index) {
  Phone& phone = *phones_[index];
  Every(scenario_.event_every, [this, &phone] {
    const bool large = random_->Unit() < scenario_.large_events;
    const bool to_device = random_->Unit() < scenario_.to_device;
    homeserver_.Emit(phone.user(), to_device, large ? 500 + random_->Below(6000) : 0);
  });
  Every(scenario_.request_every, [this, index, &phone] {
    phone.SendSomething();
    SettlePhone(index);
  });
  Every(scenario_.move_every, [this, index] {
    by_address_.erase(addresses_[index]);
    addresses_[index] = NewAddress();
    by_address_[addresses_[index]] = index;
    Trace(phones_[index]->user() + ": moves");
  });
  Every(scenario_.phone_crash_every, [this, index, &phone] {
    phone.Crash();
    SettlePhone(index);
  });
  Every(scenario_.outage_every, [this, index, &phone] {
    Trace(phone.user() + ": is out of reach");
    offline_[index] = true;
    timeline_.After(seconds(5 + random_->Below(600)), [this, index, &phone] {
      Trace(phone.user() + ": is in reach");
      offline_[index] = false;
    });
  });
}

const std::vector<std::string>& World::Run() {
  Trace(scenario_.Text());
  for (size_t i = 0; i < phones_.size(); ++i) {
    phones_[i]->Start();
    SettlePhone(i);
  }
  if (attackers_) attackers_->Start();
  PlanStorm();
  const TimePoint storm_end = timeline_.now() + scenario_.storm;
  while (timeline_.now() < storm_end && violations_.empty()) {
    RunUntil(std::min(storm_end, timeline_.now() + kJudgeEvery));
    JudgeLimits();
  }
  if (!violations_.empty()) return violations_;
  Calm();
  if (attackers_) ServeBesideAttackers();
  if (!violations_.empty()) return violations_;
  const TimePoint calm_end = timeline_.now() + kCalmMax;
  RunUntil(calm_end, [this] { return AllArrived() || !violations_.empty(); });
  if (violations_.empty()) Judge();
  return violations_;
}

void World::Calm() {
  Trace("fine weather");
  storm_ = false;
  link_.weather = sim::Weather();
  translators_.trouble = Trouble();
  paused_until_ = timeline_.now();
  for (size_t i = 0; i < translators_.replicas(); ++i) translators_.Revive(i);
  for (size_t i = 0; i < phones_.size(); ++i) offline_[i] = false;
}

void World::ServeBesideAttackers() {
  std::vector<size_t> answered;
  for (size_t i = 0; i < phones_.size(); ++i) {
    answered.push_back(phones_[i]->answered());
    homeserver_.Emit(phones_[i]->user(), false, 0);
  }
  const auto served = [&](size_t i) {
    return phones_[i]->observing() &&
           phones_[i]->answered() >= answered[i] + kAnsweredBesideAttackers;
  };
  const auto all_served = [&] {
    for (size_t i = 0; i < phones_.size(); ++i) {
      if (!served(i) || phones_[i]->pending() > 0) return false;
    }
    return EventsArrived();
  };
  const auto begin = timeline_.now();
  const auto over = [&] { return all_served() || !violations_.empty(); };
  while (!over() && timeline_.now() < begin + kBesideAttackersMax) {
    for (size_t i = 0; i < phones_.size(); ++i) {
      if (served(i)) continue;
      phones_[i]->SendSomething();
      SettlePhone(i);
    }
    RunUntil(timeline_.now() + kAskBesideAttackersEvery, over);
    JudgeLimits();
  }
  for (size_t i = 0; i < phones_.size(); ++i) {
    if (violations_.empty() && (!served(i) || phones_[i]->pending() > 0)) {
      Violation(phones_[i]->user() + ": attackers keep it from being served");
    }
  }
  if (violations_.empty() && !EventsArrived()) Violation("attackers keep events from phones");
  beside_attackers_ = timeline_.now() - begin;
  attackers_->Stop();
}

void World::Pass(Duration time) { RunUntil(timeline_.now() + time); }

void World::RunUntil(TimePoint end, const std::function<bool()>& done) {
  Settle();
  while (!(done && done())) {
    std::optional<TimePoint> next = Earlier(timeline_.Next(), deadlines_.Next());
    if (attackers_) next = Earlier(next, attackers_->NextDeadline());
    if (edge_) {
      auto deadline = edge_->NextDeadline();
      if (deadline && *deadline < paused_until_) deadline = paused_until_;
      next = Earlier(next, deadline);
    }
    if (!next || *next > end) {
      timeline_.MoveTo(end);
      return;
    }
    timeline_.MoveTo(*next);
    while (timeline_.RunOne()) Settle();
    while (const auto index = deadlines_.PopDue(timeline_.now())) {
      phones_[*index]->Advance();
      SettlePhone(*index);
    }
    if (attackers_) attackers_->Advance();
    if (edge_ && timeline_.now() >= paused_until_) edge_->Advance(timeline_.now());
    Settle();
  }
}

void World::Settle() {
  while (SettleEdge()) {
  }
}

bool World::SettleEdge() {
  if (!edge_) return false;
  bool moved = false;
  while (const auto transmit = edge_->PollTransmit()) {
    moved = true;
    if (attackers_ && attackers_->Has(transmit->peer)) {
      attackers_link_.Carry(transmit->datagram,
                            [this, address = transmit->peer](const Bytes& datagram) {
                              attackers_->Receive(address, datagram);
                            });
      continue;
    }
    const auto to = by_address_.find(transmit->peer);
    if (to == by_address_.end()) continue;
    // Where it was sent, not who is there when it arrives.
    link_.Carry(transmit->datagram, [this, address = transmit->peer](const Bytes& datagram) {
      const auto found = by_address_.find(address);
      if (found != by_address_.end() && !offline_[found->second]) Deliver(found->second, datagram);
    });
  }
  while (auto action = edge_->PollLaneAction()) {
    moved = true;
    translators_.Obey(std::move(*action));
  }
  return moved;
}

void World::Deliver(size_t index, const Bytes& datagram) {
  phones_[index]->Receive(datagram);
  SettlePhone(index);
}

void World::SettlePhone(size_t index) {
  phones_[index]->Settle([this, index](ByteView datagram) {
    if (offline_[index]) return;
    const SocketAddress from = addresses_[index];
    if (attackers_) attackers_->Overhear(from, datagram);
    link_.Carry(datagram, [this, from](const Bytes& arrived) {
      if (!edge_) return;
      if (canary_ == Canary::kShutOut && attackers_ && attackers_->attacking()) return;
      if (timeline_.now() >= paused_until_) {
        edge_->ReceiveDatagram(timeline_.now(), from, arrived);
        return;
      }
      // It waits in the socket until the edge looks.
      timeline_.After(paused_until_ - timeline_.now(), [this, from, arrived] {
        if (edge_) edge_->ReceiveDatagram(timeline_.now(), from, arrived);
      });
    });
  });
  if (const auto next = phones_[index]->NextDeadline()) {
    deadlines_.Set(index, *next);
  } else {
    deadlines_.Cancel(index);
  }
}

uint64_t World::events() const {
  uint64_t sum = 0;
  for (const auto& phone : phones_) sum += phone->events();
  return sum;
}

Pressure World::pressure() const {
  Pressure out = earlier_pressure_;
  AddPressure(out);
  return out;
}

void World::AddPressure(Pressure& to) const {
  if (!edge_) return;
  for (const auto& named : edge::admission::kRequestLedgers) {
    const auto usage = (admission_->requests.*named.ledger).usage();
    to[std::string(named.name)] += usage.made_room + usage.refused;
  }
  to["token"] += admission_->requests.tokens.refused();
  const auto& messages = edge_->messages().counters();
  to["confirmables"] += messages.made_room_unproven + messages.made_room_proven;
  const auto& dtls = edge_->dtls().counters();
  for (size_t i = 0; i < edge::dtls::kDropReasons; ++i) {
    to["dropped " + std::string(edge::dtls::kDropReasonNames[i])] += dtls.dropped[i];
  }
  to["stale alerts"] += dtls.stale_alerts_sent;
  using edge::dtls::CloseReason;
  using edge::dtls::HandshakeResult;
  to["handshakes"] += dtls.handshakes[static_cast<size_t>(HandshakeResult::kMadeRoom)];
  to["handshakes of a prefix"] +=
      dtls.handshakes[static_cast<size_t>(HandshakeResult::kPrefixLimit)];
  to["sessions"] += dtls.closed[static_cast<size_t>(CloseReason::kEvicted)] +
                    dtls.closed[static_cast<size_t>(CloseReason::kEvictedUnproven)];
}

bool World::EventsArrived() const {
  for (const auto& phone : phones_) {
    if (phone->events() < homeserver_.Emitted(phone->user())) return false;
  }
  return true;
}

bool World::AllArrived() const {
  if (!edge_ || !EventsArrived()) return false;
  for (const auto& phone : phones_) {
    if (!phone->observing() || phone->pending() > 0) return false;
  }
  return edge_->idle();
}

void World::Judge() {
  for (const auto& phone : phones_) {
    const uint64_t emitted = homeserver_.Emitted(phone->user());
    if (phone->events() != emitted) {
      Violation(phone->user() + ": has " + std::to_string(phone->events()) + " events of " +
                std::to_string(emitted) + " an hour after the storm");
    }
    if (phone->pending() > 0) Violation(phone->user() + ": N1: a request has no answer");
    if (!phone->observing()) Violation(phone->user() + ": N6: does not observe any more");
    for (const auto& [name, done] : phone->outcomes()) {
      const auto it = homeserver_.executions().find(name);
      const int times = it == homeserver_.executions().end() ? 0 : it->second;
      if (times > 1) Violation(name + ": N2, N3: carried out " + std::to_string(times) + " times");
    }
  }
  if (!AllArrived()) Violation("the edge is not idle an hour after the storm");
  JudgeLimits();
  RunUntil(timeline_.now() + seconds(1));  // what was cancelled is so at the translators, too
  if (edge_ && translators_.held() > edge_->requests().usage().windows) {
    Violation("answers held that nobody fetches");
  }
}

void World::JudgeLimits() {
  if (!edge_) return;
  const auto usage = edge_->requests().usage();
  const size_t sessions = edge_->dtls().session_count();
  if (usage.sessions > sessions) Violation("the request layer keeps sessions that are gone");
  if (usage.observations > 4 * sessions) Violation("more observations than sessions may have");
  const edge::request::Config& limits = config_.request;
  const size_t bodies = limits.downloads_per_session_max + limits.small_downloads_per_session_max;
  if (usage.downloads > bodies * sessions) Violation("more bodies kept than sessions may have");
  if (edge_->lanes().exchanges_in_flight() > usage.exchanges + usage.observations + usage.windows) {
    Violation("exchanges under way that nobody waits for");
  }
  JudgeLedgers();
}

void World::JudgeLedgers() {
  const auto judge = [this](std::string_view name, const edge::admission::Ledger& ledger) {
    const auto usage = ledger.usage();
    const size_t held = usage.held[0] + usage.held[1];
    if (held > ledger.max() + ledger.max() / 16 + 1) {
      Violation("more " + std::string(name) + " than fit: " + std::to_string(held));
    }
  };
  judge("sessions", admission_->sessions);
  judge("handshakes", admission_->handshakes);
  for (const auto& named : edge::admission::kRequestLedgers) {
    judge(named.name, admission_->requests.*named.ledger);
  }
}

void World::Violation(const std::string& text) {
  Trace("VIOLATION " + text);
  if (violations_.size() < kViolationsMax) violations_.push_back(text);
}

void World::Trace(const std::string& text) const {
  if (!trace_) return;
  char stamp[32];
  const std::chrono::duration<double> since = timeline_.now() - start_;
  std::snprintf(stamp, sizeof(stamp), "%9.3f ", since.count());
  trace_(stamp + text);
}

}  // namespace lowband::testing
