#include "tests/sim/world.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/unit/edge_dtls/identity_files.h"

namespace lowband::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kCalmMax = minutes(60);
constexpr Duration kJudgeEvery = seconds(10);
constexpr size_t kViolationsMax = 20;

// A key takes longer to make than a storm to pass: one for all.
const edge::dtls::IdentityFiles& Identity() {
  static const edge::dtls::TemporaryFolder folder;
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
  StartEdge();
  for (size_t i = 0; i < scenario.phones; ++i) AddPhone(i);
}

World::~World() = default;

void World::StartEdge() {
  // Each process makes its own secrets: it knows no cookies and no tickets of the one before.
  auto credentials =
      edge::dtls::Credentials::Load(Identity(), MakeSeededRandom(scenario_.seed + ++edge_starts_));
  if (!credentials) std::abort();
  credentials_ = std::move(*credentials);
  edge::PipelineConfig config;
  config.request.answer_window = edge::request::kAnswerWindowMin;
  admission_ = std::make_unique<edge::admission::Admission>(
      edge::admission::Limits{.handshakes = 100'000,
                              .handshakes_per_prefix_rate = 0,
                              .requests = config.request.ProcessLimits()});
  config.request.canary_advance_early = canary_ == Canary::kAdvanceEarly;
  edge_ = std::make_unique<edge::Pipeline>(config, *credentials_, *random_, 0, 1, *admission_);
  translators_.Connect({
      .opened = [this](auto lane,
                       auto replica) { edge_->OnLaneOpened(timeline_.now(), lane, replica); },
      .written = [this](auto lane) { edge_->OnLaneWritten(timeline_.now(), lane); },
      .batch = [this](auto lane,
                      auto batch) { edge_->OnLaneBatch(timeline_.now(), lane, std::move(batch)); },
      .dead = [this](auto lane) { edge_->OnLaneDead(timeline_.now(), lane); },
  });
  edge_->Advance(timeline_.now());
}

void World::CrashEdge() {
  if (!edge_) return;
  Trace("the edge crashes");
  translators_.ForgetEdge();
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
      timeline_, *random_, user, config,
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
  PlanStorm();
  const TimePoint storm_end = timeline_.now() + scenario_.storm;
  while (timeline_.now() < storm_end && violations_.empty()) {
    RunUntil(std::min(storm_end, timeline_.now() + kJudgeEvery));
    JudgeLimits();
  }
  if (!violations_.empty()) return violations_;
  Calm();
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

void World::Pass(Duration time) { RunUntil(timeline_.now() + time); }

void World::RunUntil(TimePoint end, const std::function<bool()>& done) {
  Settle();
  while (!(done && done())) {
    std::optional<TimePoint> next = Earlier(timeline_.Next(), deadlines_.Next());
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
    link_.Carry(datagram, [this, from](const Bytes& arrived) {
      if (!edge_) return;
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

bool World::AllArrived() const {
  if (!edge_) return false;
  for (const auto& phone : phones_) {
    if (!phone->observing() || phone->pending() > 0) return false;
    if (phone->events() < homeserver_.Emitted(phone->user())) return false;
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
  const edge::request::Config limits;
  const size_t bodies = limits.pinned_per_session_max + limits.pinned_small_per_session_max;
  if (usage.downloads > bodies * sessions) Violation("more bodies kept than sessions may have");
  if (edge_->lanes().exchanges_in_flight() > usage.exchanges + usage.observations + usage.windows) {
    Violation("exchanges under way that nobody waits for");
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
