// Credentials and admission are what workers share: many at once, while the files change.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/server.h"
#include "tests/support/dtls_peer.h"
#include "tests/support/identity_files.h"

namespace lowband::edge::dtls {
namespace {

constexpr unsigned kWorkers = 4;
constexpr int kHandshakes = 20;

// One worker and its clients, on a thread of their own. Each second handshake resumes a session.
void Work(Credentials& credentials, admission::Admission& admission, unsigned worker,
          std::atomic<int>& connected) {
  const auto random = MakeSeededRandom(worker + 10);
  Server server({}, credentials, *random, worker, kWorkers, admission);
  TimePoint now(std::chrono::hours(1));
  std::shared_ptr<tls::SslSession> ticket;
  for (int i = 0; i < kHandshakes; ++i) {
    now += std::chrono::hours(5);  // Ticket keys turn now and then.
    const auto from = *SocketAddress::FromLiteral("192.0.2." + std::to_string(worker),
                                                  static_cast<uint16_t>(i + 1));
    DtlsPeer peer(*random, {.tickets = true, .resume = i % 2 == 1 ? ticket : nullptr});
    peer.Advance(now);
    while (!peer.outgoing.empty()) {
      const Bytes datagram = std::move(peer.outgoing.front());
      peer.outgoing.pop_front();
      server.Receive(now, from, datagram);
      while (auto transmit = server.PollTransmit()) peer.Receive(now, transmit->datagram);
      while (server.PollEvent()) {
      }
    }
    if (!peer.connected()) continue;
    ++connected;
    ticket = peer.SaveSession();
  }
}

TEST(Credentials, WorkersShakeHandsWhileFilesChangeThenAllConnect) {
  const auto random = MakeSeededRandom(1);
  TemporaryFolder folder;
  const IdentityFiles files = WriteIdentity(folder, *random);
  const auto credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  const std::string certificate = ReadFileText(files.certificate);
  admission::Admission admission({});
  std::atomic<int> connected = 0;
  std::atomic<unsigned> done = 0;
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] {
      Work(*credentials, admission, worker, connected);
      ++done;
    });
  }
  std::string padding;
  int reloads = 0;
  do {
    padding += "\n";
    WriteFile(files.certificate, certificate + padding);
    const auto reloaded = credentials->ReloadIfChanged(TimePoint());
    EXPECT_TRUE(reloaded);
    reloads += reloaded && *reloaded == Credentials::Reload::kReloaded ? 1 : 0;
  } while (done < kWorkers);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(connected, static_cast<int>(kWorkers) * kHandshakes);
  EXPECT_GT(reloads, 0);
}

}  // namespace
}  // namespace lowband::edge::dtls
