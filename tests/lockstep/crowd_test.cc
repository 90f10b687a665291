// One network takes all that it can get; the others' requests are answered all the same.
#include "tests/lockstep/crowd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "services/edge/message/limits.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

constexpr const char* kAttacker = "192.0.2.66";
constexpr const char* kHonest = "198.51.100.1";
constexpr size_t kMiB = size_t{1} << 20;

// 950 sessions without a token, as the review had them, with unfinished bodies that fill it.
TEST(Crowd, UnfinishedUploadsOfOneNetworkKeepNobodyFromUploading) {
  RigConfig config;
  config.request.request_bytes_max = kMiB;
  Rig rig(config);
  Crowd crowd(rig);
  const SessionId phone = crowd.Join(kHonest);
  crowd.Send(phone, "PUT path=long block1=0/1/1024 body=#1024");
  for (int i = 0; i < 950; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    for (int upload = 0; upload < 4; ++upload) {
      crowd.Send(session, "PUT path=" + std::to_string(upload) + " block1=0/1/1024 body=#1024");
    }
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(crowd.Ask(phone, "PUT path=message body=#16"), "2.05");
    crowd.Pass(std::chrono::seconds(1));
  }
  const SessionId other = crowd.Join("203.0.113.5");
  crowd.Send(other, "PUT path=picture block1=0/1/1024 body=#1024");
  EXPECT_EQ(crowd.Codes(other), "2.31");
  EXPECT_EQ(crowd.Ask(other, "PUT path=picture block1=1/0/1024 body=#1000+1024"), "2.05");
  EXPECT_EQ(crowd.Ask(phone, "PUT path=long block1=1/0/1024 body=#1000+1024"), "2.05");
}

// 67 KB of requests for what is large, and nobody fetches the rest of it.
TEST(Crowd, AnswersThatNobodyFetchesKeepNobodyFromFetching) {
  RigConfig config;
  config.request.answer_window = 0;
  config.request.download_bytes_max = 16 * kMiB;
  Rig rig(config);
  Crowd crowd(rig);
  for (int i = 0; i < 40; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    for (int download = 0; download < 4; ++download) {
      crowd.Ask(session, "GET path=" + std::to_string(download), kMiB);
    }
  }
  const SessionId phone = crowd.Join(kHonest);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(crowd.Ask(phone, "GET path=messages", 3000), "2.05");
    EXPECT_EQ(crowd.Ask(phone, "GET path=messages block2=2/0/1024"), "2.05");
  }
  EXPECT_EQ(crowd.Ask(phone, "GET path=sync", kMiB), "2.05");
  EXPECT_EQ(crowd.Ask(phone, "GET path=sync block2=1/0/1024"), "2.05");
}

TEST(Crowd, RequestsThatHangKeepNobodyFromAsking) {
  RigConfig config;
  config.request.exchanges_max = 1000;
  Rig rig(config);
  Crowd crowd(rig);
  for (int i = 0; i < 40; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    for (int n = 0; n < 32; ++n) crowd.Send(session, "GET path=hangs");
  }
  const SessionId phone = crowd.Join(kHonest);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(crowd.Ask(phone, "GET path=whoami"), "2.05");
    crowd.Pass(std::chrono::seconds(1));
  }
}

// Long polls have room of their own: whoever takes all of it keeps nobody from asking, and nobody
// from polling.
TEST(Crowd, LongPollsOfOneNetworkKeepNobodyFromAskingOrPolling) {
  RigConfig config;
  config.request.exchanges_max = 1000;
  config.request.polls_max = 500;
  Rig rig(config);
  Crowd crowd(rig);
  for (int i = 0; i < 40; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    for (int n = 0; n < 20; ++n) crowd.Send(session, "GET path=hangs");
  }
  crowd.Pass(std::chrono::seconds(6));
  EXPECT_EQ(crowd.UnderWay("hangs"), 500u);
  const SessionId phone = crowd.Join(kHonest);
  crowd.Send(phone, "GET path=sync");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(crowd.Ask(phone, "GET path=whoami"), "2.05");
    crowd.Pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(crowd.UnderWay("sync"), 1u);
  EXPECT_EQ(crowd.UnderWay("hangs"), 499u);
  crowd.Answer("sync", "2.05");
  EXPECT_EQ(crowd.Codes(phone), "2.05");
}

TEST(Crowd, RequestThatMayHaveBeenCarriedOutMakesRoomThenItsClientIsToldSo) {
  RigConfig config;
  config.request.polls_max = 1;
  Rig rig(config);
  Crowd crowd(rig);
  const SessionId session = crowd.Join(kAttacker);
  crowd.Send(session, "POST path=join body=#10");
  crowd.Pass(std::chrono::seconds(6));
  const SessionId phone = crowd.Join(kHonest);
  crowd.Prove(phone, "tok");
  crowd.Send(phone, "GET path=sync");
  crowd.Pass(std::chrono::seconds(6));
  EXPECT_EQ(crowd.Codes(session), "5.04");
  EXPECT_EQ(crowd.UnderWay("sync"), 1u);
  const SessionId late = crowd.Join("203.0.113.5");
  crowd.Send(late, "GET path=sync2");
  crowd.Pass(std::chrono::seconds(6));
  EXPECT_EQ(crowd.Codes(late), "5.02") << "nobody keeps out whom the homeserver knows";
  EXPECT_EQ(
      rig.requests().counters().refused[static_cast<size_t>(request::RefusalReason::kMadeRoom)],
      2u);
}

// 18 sessions of one account, as the review had them: they get what a few devices need.
TEST(Crowd, OneTokenOnManySessionsKeepsItsOldestPollsFromPilingUp) {
  Rig rig;
  Crowd crowd(rig);
  for (int i = 0; i < 18; ++i) {
    const SessionId session = crowd.Join(i % 2 == 0 ? kAttacker : "192.0.2.67");
    for (int n = 0; n < 32; ++n) crowd.Send(session, "GET path=hangs auth=\"tok\"");
  }
  EXPECT_EQ(crowd.UnderWay("hangs"), 512u);
  EXPECT_EQ(rig.requests().usage().waiting, 18u * 32 - 512);
  const SessionId phone = crowd.Join(kAttacker);
  EXPECT_EQ(crowd.Ask(phone, "GET path=whoami auth=\"other\""), "2.05");
  crowd.Pass(std::chrono::seconds(6));
  EXPECT_EQ(crowd.UnderWay("hangs"), 64u + 18 * 32 - 512) << "and those that waited";
  crowd.Pass(std::chrono::seconds(6));
  EXPECT_EQ(crowd.UnderWay("hangs"), 64u);
}

TEST(Crowd, WaitingRequestsOfOneNetworkKeepNobodyFromWaiting) {
  RigConfig config;
  config.request.waiting_max = 200;
  config.request.exchanges_per_session_max = 1;
  Rig rig(config);
  Crowd crowd(rig);
  for (int i = 0; i < 10; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    for (int n = 0; n < 100; ++n) crowd.Send(session, "GET path=hangs");
  }
  const SessionId phone = crowd.Join(kHonest);
  crowd.Send(phone, "GET path=one");
  crowd.Send(phone, "GET path=two");
  crowd.Answer("one", "2.05");
  crowd.Answer("two", "2.05");
  EXPECT_EQ(crowd.Codes(phone), "2.05 2.05");
}

// Clients choose their worker: one that is full is no reason to be turned away at another.
TEST(Crowd, AllIsHeldByAnotherWorkerThenThatOneMakesRoom) {
  request::Config limits;
  limits.polls_max = 100;
  limits.request_bytes_max = limits.download_bytes_max = kMiB;
  admission::RequestLedgers ledgers(limits.ProcessLimits());
  RigConfig config;
  config.request = limits;
  config.request.answer_window = 0;
  config.ledgers = &ledgers;
  Rig full(config);
  config.worker = 1;
  Rig empty(config);
  Crowd attackers(full);
  Crowd honest(empty);
  for (int i = 0; i < 20; ++i) {
    const SessionId session = attackers.Join(kAttacker);
    for (int n = 0; n < 10; ++n) attackers.Send(session, "GET path=hangs");
    attackers.Send(session, "PUT path=up block1=0/1/1024 body=#1024");
    for (int block = 1; block < 60; ++block) {
      attackers.Send(session, "PUT path=up block1=" + std::to_string(block) + "/1/1024 body=#1024");
    }
    attackers.Ask(session, "GET path=down", 60'000);
  }
  attackers.Pass(std::chrono::seconds(6));
  honest.Pass(std::chrono::seconds(6));
  const SessionId phone = honest.Join(kHonest);
  for (int block = 0; block < 10; ++block) {
    honest.Send(phone, "PUT path=picture block1=" + std::to_string(block) + "/1/1024 body=#1024");
    EXPECT_EQ(honest.Codes(phone), "2.31");
  }
  EXPECT_EQ(honest.Ask(phone, "GET path=sync", 50'000), "2.05");
  honest.Send(phone, "GET path=poll");
  honest.Pass(std::chrono::seconds(6));
  EXPECT_EQ(honest.UnderWay("poll"), 1u);
  const std::vector<unsigned> asked = empty.TakeReliefs();
  EXPECT_FALSE(asked.empty());
  EXPECT_EQ(std::ranges::count(asked, 0u), static_cast<ptrdiff_t>(asked.size()));
  EXPECT_FALSE(empty.requests().PollRelief());
  const size_t uploads = full.requests().usage().uploads;
  const size_t downloads = full.requests().usage().downloads;
  full.Relieve();
  attackers.Pass(std::chrono::milliseconds(1));
  EXPECT_EQ(attackers.UnderWay("hangs"), 99u);
  EXPECT_EQ(full.requests().usage().uploads, uploads - 1);
  EXPECT_EQ(full.requests().usage().downloads, downloads - 1);
  for (const auto& named : admission::kRequestLedgers) {
    EXPECT_FALSE((ledgers.*named.ledger).Overdraft()) << named.name;
  }
}

// A client is known by an answer to a request with its token, and by no other.
TEST(Crowd, HomeserverTakesATokenThenItsSessionIsProven) {
  Rig rig;
  Crowd crowd(rig);
  const SessionId one = crowd.Join(kHonest);
  crowd.Ask(one, "GET path=versions");
  EXPECT_TRUE(rig.TakeProven().empty()) << "no token";
  crowd.Send(one, "GET path=a auth=\"tok\"");
  crowd.Answer("a", "4.01");
  crowd.Ask(one, "GET path=versions");
  crowd.Send(one, "GET path=b");
  crowd.Answer("b", "5.04");
  EXPECT_TRUE(rig.TakeProven().empty());
  crowd.Ask(one, "GET path=c");
  EXPECT_EQ(rig.TakeProven(), std::vector<SessionId>{one});
  crowd.Ask(one, "GET path=c");
  EXPECT_TRUE(rig.TakeProven().empty()) << "once";
  EXPECT_EQ(rig.requests().counters().sessions_proven, 1u);
}

// What a session has moves with it, whatever that is; nothing of it is left in the ledgers.
TEST(Crowd, SessionMovesAndIsProvenThenTheLedgersFollow) {
  request::Config limits;
  admission::RequestLedgers ledgers(limits.ProcessLimits());
  RigConfig config;
  config.request.exchanges_per_session_max = 3;
  config.request.uploads_per_session_max = 1;
  config.ledgers = &ledgers;
  {
    Rig rig(config);
    Crowd crowd(rig);
    const SessionId session = crowd.Join(kHonest);
    crowd.Send(session, "PUT path=up block1=0/1/1024 body=#1024");
    crowd.Send(session, "PUT path=up2 block1=0/1/1024 body=#1024");
    crowd.Ask(session, "GET path=down", 3000);
    crowd.Send(session, "PUT path=one body=#16");
    crowd.Send(session, "GET path=a auth=\"tok\"");
    crowd.Pass(std::chrono::seconds(6));
    crowd.Send(session, "PUT path=three body=#16");
    crowd.Send(session, "PUT path=four body=#16");
    crowd.Send(session, "PUT path=five body=#16");
    rig.requests().MovePeer(session, *SocketAddress::FromLiteral("2001:db8::7", 1));
    crowd.Answer("a", "2.05");
    for (const auto& named : admission::kRequestLedgers) {
      const auto usage = (ledgers.*named.ledger).usage();
      // What is spare is the earlier network's.
      if (named.name == "exchanges" || named.name == "small_upload_bytes") continue;
      EXPECT_LE(usage.networks, 1u) << named.name;
      EXPECT_EQ(usage.held[0], 0u) << named.name;
    }
    EXPECT_GT(ledgers.uploads.usage().held[1], 0u);
    EXPECT_GT(ledgers.small_uploads.usage().held[1], 0u);
    EXPECT_GT(ledgers.small_downloads.usage().held[1], 0u);
    EXPECT_GT(ledgers.polls.usage().held[1], 0u);
    EXPECT_GT(ledgers.waiting.usage().held[1], 0u);
  }
  for (const auto& named : admission::kRequestLedgers) {
    EXPECT_EQ((ledgers.*named.ledger).usage().networks, 0u) << named.name;
  }
  EXPECT_EQ(ledgers.tokens.size(), 0u);
}

// Heads of four thousand bytes each take four places.
TEST(Crowd, LongHeadsThenThereAreFewerOfThem) {
  RigConfig config;
  config.request.exchanges_max = 100;
  config.request.exchanges_per_session_max = 48;
  Rig rig(config);
  Crowd crowd(rig);
  const SessionId session = crowd.Join(kHonest);
  const std::string token(4000, 't');
  for (int n = 0; n < 48; ++n) crowd.Send(session, "GET path=a auth=\"" + token + "\"");
  EXPECT_EQ(crowd.UnderWay("a"), 25u);
  EXPECT_EQ(rig.requests().usage().waiting, 23u);
}

TEST(Crowd, ObservationsPollHasToGoThenItsObserverNoticesNothing) {
  RigConfig config = LockstepConfig();
  config.request.polls_max = 1;
  Script script(config);
  script.Play(R"(
    --> CON GET 1 token=01 path=7 observe=0 auth="tok"
    ==> $s GET path=7 auth=tok observe
    <== $s observable
    <-- ACK 2.05 1 token=01 observe=2
  )");
  script.rig().Open(SessionId{2}, kHonest);
  script.rig().Receive(SessionId{2}, Encode(ParseText(Words("CON GET 1 path=p auth=\"t\"")), {}));
  const auto proof = std::get<request::StartExchange>(*script.rig().TakeCommand());
  request::Answer answer;
  answer.id = proof.id;
  answer.code = coap::kContent;
  script.rig().Answer(std::move(answer));
  script.rig().TakeSent();
  script.rig().Receive(SessionId{2}, Encode(ParseText(Words("CON GET 2 path=poll")), {}));
  const auto poll = std::get<request::StartExchange>(*script.rig().TakeCommand());
  script.rig().AdvanceTo(script.rig().now() + std::chrono::seconds(5));
  const auto cancel = script.rig().TakeCommand();
  ASSERT_TRUE(cancel && std::holds_alternative<request::CancelExchange>(*cancel));
  while (script.rig().TakeSent()) {
  }
  script.rig().Close(SessionId{2});
  while (script.rig().TakeCommand()) {
  }
  script.Play(R"(
    at 7s
    ==> $s GET path=7 auth=tok observe
    <== $s observable
    <== $s 2.05 format=60 body="news" poll=changed cursor=s1
    <-- CON 2.05 $m token=01 observe=3 format=60 body="news"
  )");
  EXPECT_EQ(script.rig().requests().counters().failures_told, 0u);
}

Rig RigWithObservations(size_t max) {
  RigConfig config;
  config.request.observations_max = max;
  return Rig(config);
}

TEST(Crowd, ObservationOfAnUnknownClientMakesRoomThenItsSessionEndsAndItIsCountedAsThat) {
  Rig rig = RigWithObservations(2);
  Crowd crowd(rig);
  const SessionId attacker = crowd.Join(kAttacker);
  crowd.Observe(attacker, "a");
  crowd.Observe(attacker, "b");
  const SessionId phone = crowd.Join(kHonest);
  crowd.Observe(phone, "sync");
  EXPECT_EQ(crowd.Codes(attacker), "2.05 2.05") << "a word of it may not arrive";
  EXPECT_EQ(crowd.Codes(phone), "2.05");
  EXPECT_EQ(rig.requests().counters().observations_made_room, 1u);
  EXPECT_EQ(rig.requests().counters().observations_ended, 0u) << "no token was refused";
  EXPECT_EQ(rig.TakeUntold(), std::vector{attacker});
}

// They would push out each other for ever, each time with a session.
TEST(Crowd, ObservationsOfUnknownClientsThatHaveAsManyFillItThenAnotherIsAnsweredOnceUntilKnown) {
  Rig rig = RigWithObservations(2);
  Crowd crowd(rig);
  const SessionId first = crowd.Join("192.0.2.7");
  const SessionId second = crowd.Join("192.0.2.8");
  crowd.Observe(first, "a");
  crowd.Observe(second, "b");
  const SessionId phone = crowd.Join(kHonest);
  crowd.Observe(phone, "sync");
  EXPECT_EQ(crowd.Codes(phone), "") << "like any request: by what comes";
  crowd.Answer("sync", "2.05");
  EXPECT_EQ(crowd.Codes(phone), "2.05");
  const request::Counters& counters = rig.requests().counters();
  EXPECT_EQ(counters.observations_refused, 1u);
  EXPECT_EQ(counters.observations_made_room, 0u);
  EXPECT_TRUE(rig.TakeUntold().empty());
  crowd.Prove(phone, "tok");
  crowd.Observe(phone, "sync");
  EXPECT_EQ(crowd.UnderWay("sync"), 1u);
  EXPECT_EQ(counters.observations_made_room, 1u);
  EXPECT_EQ(rig.TakeUntold().size(), 1u);
}

TEST(Crowd, ObservationsOfUnknownClientsOfOneAddressFillItThenTheyDoNotPushOutEachOther) {
  Rig rig = RigWithObservations(2);
  Crowd crowd(rig);
  for (const char* path : {"a", "b", "c"}) crowd.Observe(crowd.Join(kHonest), path);
  EXPECT_EQ(rig.requests().usage().observations, 2u);
  EXPECT_EQ(rig.requests().counters().observations_refused, 1u);
  EXPECT_TRUE(rig.TakeUntold().empty());
}

// Two accounts that have far too many each: neither gets more at the cost of the other.
TEST(Crowd, ObservationsOfTwoHogsFillItThenTheyStay) {
  Rig rig = RigWithObservations(23);
  Crowd crowd(rig);
  const auto observe = [&](const char* address, const char* token, size_t sessions) {
    for (size_t i = 0; i < sessions; ++i) {
      const SessionId session = crowd.Join(address);
      crowd.Prove(session, token);
      for (const char* path : {"a", "b", "c", "d"}) crowd.Observe(session, path);
    }
  };
  observe(kAttacker, "mallory", 3);
  observe("192.0.2.9", "eve", 3);
  EXPECT_EQ(rig.requests().usage().observations, 23u);
  observe("192.0.2.9", "eve", 1);
  observe(kAttacker, "mallory", 1);
  EXPECT_EQ(rig.requests().counters().observations_refused, 9u);
  EXPECT_TRUE(rig.TakeUntold().empty());
}

// One account on four sessions has them all. Told by 5.03, deployed clients would go on listening.
TEST(Crowd, HogsObservationMakesRoomThenItsSessionEnds) {
  Rig rig = RigWithObservations(16);
  Crowd crowd(rig);
  std::vector<SessionId> attackers;
  for (int i = 0; i < 4; ++i) {
    attackers.push_back(crowd.Join(kAttacker));
    crowd.Prove(attackers.back(), "mallory");
    for (const char* path : {"a", "b", "c", "d"}) crowd.Observe(attackers.back(), path);
  }
  EXPECT_EQ(rig.requests().usage().observations, 16u);
  const SessionId phone = crowd.Join(kHonest);
  crowd.Observe(phone, "sync");
  EXPECT_EQ(crowd.Codes(phone), "2.05");
  EXPECT_EQ(crowd.UnderWay("sync"), 1u);
  EXPECT_EQ(rig.TakeUntold(), std::vector{attackers.front()});
  EXPECT_EQ(crowd.UnderWay("a"), 3u);
  const request::Counters& counters = rig.requests().counters();
  EXPECT_EQ(counters.observations_made_room, 1u);
  EXPECT_EQ(counters.observations_refused, 0u);
  // Its own newcomers get none at the cost of its others: they would push out each other for ever.
  rig.Close(attackers.front());
  for (int i = 0; i < 4; ++i) {
    const SessionId more = crowd.Join(kAttacker);
    crowd.Prove(more, "mallory");
    crowd.Observe(more, "e");
  }
  EXPECT_EQ(counters.observations_made_room, 1u);
  EXPECT_EQ(counters.observations_refused, 1u);
  EXPECT_TRUE(rig.TakeUntold().empty());
}

// Its client left all that was sent to it without acknowledgement.
TEST(Crowd, ObservationEndsWhileNoWordOfItCanBeSentThenItsSessionEnds) {
  Script script;
  script.Play(R"(
    --> CON GET 999 token=01 path=7 observe=0 auth="tok"
    ==> $poll GET path=7 auth=tok observe
    <== $poll observable
    <-- ACK 2.05 999 token=01 observe=2
  )");
  std::string text;
  const auto all = [&](const std::function<std::string(const std::string& n)>& line) {
    for (size_t n = 100; n < 100 + message::kConfirmablesPerSessionMax; ++n) {
      text += line(std::to_string(n));
    }
  };
  all([](const std::string& n) {
    return "--> CON GET " + n + " token=" + n + "0 path=" + n + "\n==> $r" + n + " GET path=" + n +
           " auth=tok\n";
  });
  text += "at 1s\n";
  all([](const std::string& n) { return "<-- ACK EMPTY " + n + "\n"; });
  all([](const std::string& n) {
    return "<== $r" + n + " 2.05 format=60 body=\"a\"\n<-- CON 2.05 $m" + n + " token=" + n +
           "0 format=60 body=\"a\"\n";
  });
  text += "<== $poll 4.01 format=60 body=\"no\" refused poll=ended\n";
  script.Play(text);
  EXPECT_EQ(script.rig().requests().counters().observations_ended, 1u);
  EXPECT_EQ(script.rig().TakeUntold(), std::vector{script.session()});
}

TEST(Crowd, ObservationsOfAHouseholdFillItThenTheyStay) {
  Rig rig = RigWithObservations(8);
  Crowd crowd(rig);
  for (int i = 0; i < 2; ++i) {
    const SessionId session = crowd.Join(kAttacker);
    crowd.Prove(session, "tok");
    for (const char* path : {"a", "b", "c", "d"}) crowd.Observe(session, path);
  }
  const SessionId phone = crowd.Join(kHonest);
  crowd.Prove(phone, "other");
  crowd.Observe(phone, "sync");
  crowd.Answer("sync", "2.05");
  EXPECT_EQ(crowd.Codes(phone), "2.05") << "answered once, like any request";
  EXPECT_EQ(rig.requests().counters().observations_refused, 1u);
  EXPECT_EQ(rig.requests().usage().observations, 8u);
  EXPECT_TRUE(rig.TakeUntold().empty());
}

}  // namespace
}  // namespace lowband::edge::testing
