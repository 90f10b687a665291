// An edge's side of one relayed transfer, driven by the test's thread: as a call of its own, or on
// a relay lane that it shares with the others of its gateway. relay_test runs all its cases in
// either way: with LOWBAND_TEST_RELAYS=lanes in the environment in the latter.
//
// Threading: one test thread for each call.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "lowband/v1/translator.grpc.pb.h"

namespace lowband::translator::testing {

bool RelaysGoOnLanes();

/// What a transfer says and hears, in either way.
class RelayWire {
 public:
  virtual ~RelayWire() = default;
  virtual bool Request(v1::RelayRequest request) = 0;
  virtual bool Data(std::string_view bytes) = 0;
  virtual void End() = 0;
  virtual void HalfClose() = 0;
  virtual void Cancel() = 0;
  virtual std::optional<v1::RelayChunk> Next() = 0;
  /// Once Next() has nothing more.
  virtual grpc::Status Status() = 0;
};

std::unique_ptr<RelayWire> MakeSingleWire(v1::Translator::Stub& stub);

/// A relay lane, and what came on it for each transfer.
class LaneClient {
 public:
  explicit LaneClient(v1::Translator::Stub& stub);
  /// Half-closes, and waits for the end.
  ~LaneClient();
  LaneClient(const LaneClient&) = delete;
  LaneClient& operator=(const LaneClient&) = delete;

  std::unique_ptr<RelayWire> Open();
  /// Nothing new will be said. Once what there was has ended.
  void HalfClose();
  /// The translator has said that it takes nothing new.
  bool draining();

 private:
  class Wire;
  struct Inbox {
    std::deque<v1::RelayTranslatorFrame> frames;
    uint64_t until = 0;  ///< Credit for the request's body.
    bool over = false;
  };

  bool Write(const v1::RelayEdgeFrame& frame);
  std::optional<v1::RelayTranslatorFrame> Next(uint64_t id);
  /// False: the transfer is over.
  bool AwaitCredit(uint64_t id, uint64_t until);
  void Read();

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>> stream_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::unordered_map<uint64_t, Inbox> inboxes_;
  uint64_t last_id_ = 0;
  bool draining_ = false;
  bool over_ = false;
  std::mutex write_mutex_;
  bool half_closed_ = false;
  std::thread reader_;
};

}  // namespace lowband::translator::testing
