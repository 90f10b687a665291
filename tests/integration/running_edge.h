// The edge's workers over real sockets, in front of whatever translator listens.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/client/connection.h"
#include "services/edge/datagram/steering.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/worker.h"
#include "tests/integration/lanes_rig.h"
#include "tests/support/identity_files.h"

namespace lowband::edge {

class RunningEdge {
 public:
  RunningEdge(const std::string& translator, unsigned workers, bool steer,
              const admission::Limits& limits = {.handshakes_per_prefix_rate = 0},
              std::unique_ptr<Random> credentials_random = MakeSystemRandom())
      : admission_(limits) {
    auto random = MakeSystemRandom();
    const auto files = dtls::WriteIdentity(folder_, *random);
    credentials_ = std::move(*dtls::Credentials::Load(files, std::move(credentials_random)));
    auto sockets = datagram::UdpSocket::OpenGroup(*ParseBindAddress("127.0.0.1:0"), workers);
    if (!sockets) {
      ADD_FAILURE() << sockets.error();
      return;
    }
    port_ = sockets->front()->local_address().port();
    if (steer) {
      EXPECT_TRUE(datagram::SteerByConnectionId(sockets->front()->fd(), workers));
    }
    PipelineConfig config;
    uplink::TransportConfig transport;
    transport.target = translator;
    transport.credentials = grpc::InsecureChannelCredentials();
    for (unsigned i = 0; i < workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(config, *credentials_, admission_,
                                                  std::move((*sockets)[i]), transport,
                                                  exchange_log_, i, workers));
    }
    for (const auto& worker : workers_) worker->Start(workers_);
  }
  ~RunningEdge() { Stop(); }

  void Stop() {
    for (const auto& worker : workers_) worker->Stop();
    for (const auto& worker : workers_) worker->Join();
  }

  Result<std::unique_ptr<client::Connection>, std::string> Connect(client::Config config = {}) {
    return client::Connection::Open("127.0.0.1", port_, std::move(config));
  }

  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

  template <class Read>
  uint64_t Sum(Read read) {
    uint64_t sum = 0;
    for (const auto& worker : workers_) {
      const auto stats = worker->Stats(std::chrono::seconds(20));
      if (!stats) ADD_FAILURE() << "a worker does not answer";
      if (stats) sum += read(*stats);
    }
    return sum;
  }

 private:
  admission::Admission admission_;
  TemporaryFolder folder_;
  std::unique_ptr<dtls::Credentials> credentials_;
  Logger log_{"test", LogLevel::kError, Logger::Format::kJson};
  ExchangeLog exchange_log_{log_, {}};
  std::vector<std::unique_ptr<Worker>> workers_;
  uint16_t port_ = 0;
};

}  // namespace lowband::edge
