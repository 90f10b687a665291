// Clients that went silent: what is done for them at the homeserver ends, and begins anew when they
// are heard (RFC 7641 §4.5).
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/edge/request/counters.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Registered, and the first body delivered: the poll by its cursor is under way.
const std::string kRegistered = R"(
    --> CON GET 10 token=0a observe=0 path=7 query=timeout=0 auth="tok"
    ==> GET path=7 query=timeout=0 auth=tok observe
    <== observable
    <-- ACK 2.05 10 token=0a observe=2
    <== 2.05 format=60 body="one" poll=changed cursor=c1
    <-- CON 2.05 $m1 token=0a observe=3 format=60 body="one"
    --> ACK EMPTY $m1
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
)";

/// A poll that brings nothing each 100 s, until 600 s from the start.
const std::string kTenMinutesOfNothing = R"(
    at 100s
    <== 2.05 poll=unchanged
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    at 200s
    <== 2.05 poll=unchanged
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    at 300s
    <== 2.05 poll=unchanged
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    at 400s
    <== 2.05 poll=unchanged
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    at 500s
    <== 2.05 poll=unchanged
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    at 600s
)";

const std::string kPingInVain = R"(
    <-- CON EMPTY $p
    gives up
    ==> cancel
)";

TEST(Silence, ObserverSilentThenPingedParkedAndPolledForAgainWhenItIsHeard) {
  Script script;
  script.Play(kRegistered + kTenMinutesOfNothing + kPingInVain + R"(
    at 7200s                                      # nothing is done for it, and nobody is asked
    --> CON EMPTY 77
    <-- RST EMPTY 77
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 2.05 format=60 body="two" poll=changed cursor=c2
    <-- CON 2.05 $m2 token=0a observe=4 format=60 body="two"
    --> ACK EMPTY $m2
    ==> GET path=7 query=timeout=0 auth=tok cursor=c2
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 1u);
  EXPECT_EQ(script.rig().requests().counters().observations_parked, 1u);
  EXPECT_EQ(script.rig().requests().counters().observations_revived, 1u);
}

// It says nothing but that it heard us, which is enough.
TEST(Silence, AnswerToThePingComesLateThenPolledForAgain) {
  Script script;
  script.Play(kRegistered + kTenMinutesOfNothing + kPingInVain + R"(
    at 700s
    --> ACK EMPTY $p
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
  )");
}

TEST(Silence, ParkedObserverRegistersAnewThenItsOwnSinceCounts) {
  Script script;
  script.Play(kRegistered + kTenMinutesOfNothing + kPingInVain + R"(
    at 700s
    --> CON GET 11 token=0a observe=0 path=7 query=since=mine
    ==> $new GET path=7 query=since=mine auth=tok observe
    ==> $old GET path=7 query=timeout=0 auth=tok cursor=c1
    <== $new observable
    ==> $old cancel
    <-- ACK 2.05 11 token=0a observe=4
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 1u);
}

TEST(Silence, ParkedObserverDeregistersThenNothingIsLeft) {
  Script script;
  script.Play(kRegistered + kTenMinutesOfNothing + kPingInVain + R"(
    at 700s
    --> CON GET 11 token=0a observe=1 path=7 query=timeout=0
    <-- ACK 2.05 11 token=0a format=60 body=hex:a0
    at 7200s
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 0u);
}

/// Sessions of some workers, of which some are still there: those acknowledge what they are sent.
/// The homeserver answers what is asked at once, and holds polls for 30 s.
class Dials {
 public:
  explicit Dials(unsigned workers = 1, RigConfig config = LockstepConfig())
      : ledgers_(config.request.ProcessLimits()) {
    config.ledgers = &ledgers_;
    for (unsigned i = 0; i < workers; ++i) {
      config.worker = i;
      workers_.push_back({std::make_unique<Rig>(config), {}, {}});
    }
  }

  SessionId Join(unsigned worker = 0) {
    const SessionId session{++last_};
    workers_[worker].rig->Open(session, "192.0.2.1");
    worker_of_[session] = worker;
    there_.insert(session);
    return session;
  }
  /// Asks for `path` with the token; "7" is observed.
  void Ask(SessionId session, const std::string& path, const std::string& token) {
    const std::string observe = path == "7" ? " observe=0" : "";
    Receive(session, "CON GET " + std::to_string(++message_id_) + observe + " path=" + path +
                         " auth=" + token);
  }
  void Ping(SessionId session) { Receive(session, "CON EMPTY " + std::to_string(++message_id_)); }
  SessionId Dial(const std::string& path, const std::string& token, unsigned worker = 0) {
    const SessionId session = Join(worker);
    Ask(session, path, token);
    Pass(seconds(10));
    return session;
  }
  void Leave(SessionId session) { there_.erase(session); }

  void Pass(Duration duration) {
    const TimePoint end = rig().now() + duration;
    while (Work()) {
    }
    while (rig().now() < end) {
      TimePoint next = end;
      for (Worker& each : workers_) {
        next = std::min(next, each.rig->NextDeadline().value_or(end));
        if (!each.answers.empty()) next = std::min(next, each.answers.begin()->first);
      }
      for (Worker& each : workers_) {
        each.rig->AdvanceTo(std::max(each.rig->now() + std::chrono::milliseconds(1), next));
        while (!each.answers.empty() && each.answers.begin()->first <= each.rig->now()) {
          each.polls.erase(each.answers.begin()->second.id);
          each.rig->Answer(std::move(each.answers.begin()->second));
          each.answers.erase(each.answers.begin());
        }
      }
      while (Work()) {
      }
    }
  }

  Rig& rig(unsigned worker = 0) { return *workers_[worker].rig; }
  size_t polls() const {
    size_t sum = 0;
    for (const Worker& each : workers_) sum += each.polls.size();
    return sum;
  }
  size_t sessions() const { return worker_of_.size(); }
  bool IsOpen(SessionId session) const { return worker_of_.contains(session); }
  /// When each session was pinged, in minutes from the start; copies are not counted.
  std::vector<int64_t> PingsOf(SessionId session) { return pings_[session]; }

  std::string refused_token;
  bool resets = false;  ///< Pings are answered so, as RFC 7252 has it.

 private:
  struct Worker {
    std::unique_ptr<Rig> rig;
    std::multimap<TimePoint, request::Answer> answers;
    std::set<request::ExchangeId> polls;
  };

  void Receive(SessionId session, const std::string& text) {
    rig(worker_of_.at(session)).Receive(session, Encode(ParseText(Words(text)), {}));
    while (Work()) {
    }
  }

  bool Work() {
    bool moved = false;
    for (Worker& each : workers_) moved = WorkAt(each) || moved;
    return moved;
  }

  bool WorkAt(Worker& worker) {
    bool moved = false;
    while (const auto command = worker.rig->TakeCommand()) {
      moved = true;
      if (const auto* start = std::get_if<request::StartExchange>(&*command)) {
        Serve(worker, *start);
      } else if (const auto* cancel = std::get_if<request::CancelExchange>(&*command)) {
        worker.polls.erase(cancel->id);
        std::erase_if(worker.answers,
                      [&](const auto& each) { return each.second.id == cancel->id; });
      }
    }
    while (const auto sent = worker.rig->TakeSent()) {
      moved = true;
      Take(worker, *sent);
    }
    for (const SessionId ended : worker.rig->TakeSuperseded()) worker_of_.erase(ended);
    for (const unsigned asked : worker.rig->TakeReliefs()) rig(asked).Relieve();
    return moved;
  }

  void Serve(Worker& worker, const request::StartExchange& start) {
    request::Answer answer;
    answer.id = start.id;
    answer.code = coap::kContent;
    if (start.request.token() == refused_token) {
      answer.code = coap::kUnauthorized;
      answer.token_refused = true;
      worker.rig->Answer(std::move(answer));
      return;
    }
    answer.token_taken = true;
    if (start.request.has_observe()) {
      answer.poll.emplace().set_outcome(v1::Poll::UNCHANGED);
      if (start.request.observe().cursor().empty()) worker.rig->MakeObservable(start.id);
      worker.polls.insert(start.id);
      worker.answers.emplace(worker.rig->now() + seconds(30), std::move(answer));
    } else {
      worker.rig->Answer(std::move(answer));
    }
  }

  void Take(Worker& worker, const Sent& sent) {
    const auto message = coap::Parse(sent.datagram);
    ASSERT_TRUE(message);
    if (message->type != coap::Type::kConfirmable) return;
    if (message->code.is_empty() && last_ping_[sent.session] != message->message_id) {
      last_ping_[sent.session] = message->message_id;
      pings_[sent.session].push_back(std::chrono::duration_cast<minutes>(sent.at - start_).count());
    }
    if (!there_.contains(sent.session)) return;
    const auto type =
        message->code.is_empty() && resets ? coap::Type::kReset : coap::Type::kAcknowledgement;
    worker.rig->Receive(sent.session, coap::EmptyMessage(type, message->message_id));
  }

  admission::RequestLedgers ledgers_;
  std::vector<Worker> workers_;
  std::map<SessionId, unsigned> worker_of_;
  std::set<SessionId> there_;
  std::map<SessionId, std::vector<int64_t>> pings_;
  std::map<SessionId, uint16_t> last_ping_;
  uint64_t last_ = 0;
  uint16_t message_id_ = 0;
  const TimePoint start_ = TimePoint(hours(1));
};

TEST(Silence, FiveDialsOfAnObserverThenOnePoll) {
  Dials dials;
  for (int i = 0; i < 5; ++i) {
    const SessionId session = dials.Dial("7", "tok");
    if (i < 4) dials.Leave(session);
  }
  EXPECT_EQ(dials.polls(), 5u);
  dials.Pass(minutes(12));
  EXPECT_EQ(dials.polls(), 1u);
  EXPECT_EQ(dials.sessions(), 1u);
}

// Of the token of somebody else none goes.
TEST(Silence, ThirtyDialsThenOneSessionOfThatToken) {
  Dials dials;
  const SessionId other = dials.Dial("0", "another");
  dials.Leave(other);
  for (int i = 0; i < 30; ++i) dials.Leave(dials.Dial("0", "tok"));
  EXPECT_EQ(dials.sessions(), 31u);
  dials.Pass(minutes(30));
  EXPECT_EQ(dials.sessions(), 2u);
  EXPECT_TRUE(dials.IsOpen(other));
  EXPECT_TRUE(dials.PingsOf(other).empty());
}

TEST(Silence, DialsAtSeveralWorkersThenOneSessionToo) {
  Dials dials(3);
  for (unsigned i = 0; i < 30; ++i) dials.Leave(dials.Dial("0", "tok", i % 3));
  EXPECT_EQ(dials.sessions(), 30u);
  dials.Pass(minutes(30));
  EXPECT_EQ(dials.sessions(), 1u);
}

TEST(Silence, SessionsThatShareATokenThenEachThatAnswersStaysAndIsAskedOnceForEachNewOne) {
  Dials dials(2);
  const SessionId phone = dials.Dial("0", "tok");
  const SessionId tool = dials.Dial("0", "tok", 1);
  dials.Pass(hours(24));
  EXPECT_EQ(dials.sessions(), 2u);
  EXPECT_EQ(dials.PingsOf(phone).size(), 1u);
  EXPECT_EQ(dials.PingsOf(tool).size(), 0u) << "nobody has dialled since";
  dials.Dial("0", "tok");
  dials.Pass(hours(24));
  EXPECT_EQ(dials.sessions(), 3u);
  EXPECT_EQ(dials.PingsOf(phone).size(), 2u);
  EXPECT_EQ(dials.PingsOf(tool).size(), 1u);
}

TEST(Silence, SessionHeardSinceTheNewOneBeganThenNotAsked) {
  Dials dials;
  const SessionId first = dials.Dial("0", "tok");
  dials.Dial("0", "tok");
  dials.Ping(first);
  dials.Leave(first);
  dials.Pass(hours(24));
  EXPECT_TRUE(dials.IsOpen(first));
  EXPECT_TRUE(dials.PingsOf(first).empty());
}

TEST(Silence, TokenThatTheHomeserverRefusesThenSupersedesNobody) {
  Dials dials;
  const SessionId first = dials.Dial("0", "tok");
  dials.Leave(first);
  dials.refused_token = "tok";
  dials.Dial("0", "tok");
  dials.Pass(hours(24));
  EXPECT_TRUE(dials.IsOpen(first));
  EXPECT_TRUE(dials.PingsOf(first).empty());
}

TEST(Silence, NothingToGainThenNobodyIsAskedAndTheEdgeSleeps) {
  Dials dials;
  const SessionId session = dials.Dial("0", "tok");
  dials.Leave(session);
  dials.Pass(hours(24));
  EXPECT_TRUE(dials.PingsOf(session).empty());
  EXPECT_FALSE(dials.rig().NextDeadline());
}

// An idle phone is woken ever more seldom.
TEST(Silence, ObserverThatAnswersThenAskedLaterEachTimeAndPolledFor) {
  for (const bool resets : {false, true}) {
    Dials dials;
    dials.resets = resets;
    const SessionId session = dials.Dial("7", "tok");
    dials.Pass(hours(10));
    EXPECT_EQ(dials.PingsOf(session), (std::vector<int64_t>{10, 30, 70, 150, 310, 470}));
    EXPECT_EQ(dials.polls(), 1u);
    dials.Ping(session);
    dials.Leave(session);
    dials.Pass(minutes(12));
    EXPECT_EQ(dials.PingsOf(session).size(), 7u);
    EXPECT_EQ(dials.polls(), 0u);
  }
}

// Deployed clients do so each minute.
TEST(Silence, ObserverThatPingsThenNeverAsked) {
  Dials dials;
  const SessionId session = dials.Dial("7", "tok");
  for (int i = 0; i < 120; ++i) {
    dials.Pass(minutes(1));
    dials.Ping(session);
  }
  EXPECT_TRUE(dials.PingsOf(session).empty());
  EXPECT_EQ(dials.polls(), 1u);
}

// What makes room had no time to be answered.
TEST(Silence, PingMakesRoomThenNothingIsConcludedAndItIsSentAgain) {
  RigConfig config = LockstepConfig();
  config.message.confirmables_max = 1;
  Dials dials(1, config);
  const SessionId first = dials.Dial("7", "one");
  dials.Dial("7", "two");
  dials.Leave(first);
  dials.Pass(minutes(10) - seconds(5));
  EXPECT_EQ(dials.PingsOf(first).size(), 1u);
  dials.Pass(minutes(1));
  EXPECT_EQ(dials.polls(), 2u);
  EXPECT_GT(dials.rig().requests().counters().silent_deferred, 0u);
  dials.Pass(minutes(3));
  EXPECT_EQ(dials.PingsOf(first).size(), 2u);
  EXPECT_EQ(dials.polls(), 1u);
}

}  // namespace
}  // namespace lowband::edge::testing
