#include "services/edge/uplink/lane_transport.h"

#include <grpcpp/channel.h>
#include <poll.h>

#include <cstdlib>
#include <unordered_map>
#include <utility>
#include <variant>

#include "libs/base/log.h"
#include "libs/base/overloaded.h"
#include "libs/grpc/runtime.h"
#include "services/edge/uplink/lane_stream.h"
#include "services/edge/uplink/limits.h"
#include "services/edge/uplink/recent_stub.h"

namespace lowband::edge::uplink {
namespace {

constexpr Duration kLostIntervalMin = std::chrono::seconds(1);
/// An absent translator is tried several times a second, always with the same result.
constexpr Duration kUnreachableIntervalMin = std::chrono::seconds(30);

// A lane set has at most kLanesAliveMax refused lanes that it has not drained yet.
constexpr size_t kMailboxItemsMax = kStreamsMax * kStreamEventsMax + kLanesAliveMax;

}  // namespace

class LaneTransport::Impl {
 public:
  explicit Impl(const TransportConfig& config)
      : config_(config),
        mailbox_(std::make_shared<StreamMailbox>(kMailboxItemsMax)),
        stub_(config, ChannelUse::kLanes) {
    KeepGrpcAlive();
  }
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Execute(Action action);
  void Drain(std::vector<LaneEvent>& events);
  int fd() const { return mailbox_->fd(); }

 private:
  struct Stream {
    std::unique_ptr<LaneStream> reactor;
    /// It has ended for the lane set; gRPC has not released it yet.
    bool released = false;
    bool opened = false;
    bool draining = false;  ///< The translator has announced its stop.
  };

  void Open(LaneId lane);
  /// Null when the lane has ended.
  LaneStream* Find(LaneId lane);
  void TakeReadEnded(LaneId lane);
  void TakeStreamEnded(const StreamEnded& ended);
  void Warn(const Stream& stream, const grpc::Status& status);

  const TransportConfig config_;
  const std::shared_ptr<StreamMailbox> mailbox_;
  RecentStub stub_;
  bool closing_ = false;
  std::unordered_map<LaneId, Stream> streams_;
  std::vector<StreamEvent> inbox_;
};

LaneTransport::Impl::~Impl() {
  closing_ = true;
  for (const auto& [id, stream] : streams_) stream.reactor->Abort();
  std::vector<LaneEvent> ignored;
  while (!streams_.empty()) {
    pollfd waiting{mailbox_->fd(), POLLIN, 0};
    (void)poll(&waiting, 1, -1);
    Drain(ignored);
  }
}

void LaneTransport::Impl::Execute(Action action) {
  std::visit(Overloaded{
                 [&](const OpenLane& open) { Open(open.lane); },
                 [&](WriteBatch& write) {
                   LaneStream* stream = Find(write.lane);
                   if (stream != nullptr) stream->Write(std::move(write.batch));
                 },
                 [&](const AwaitLane& await) {
                   LaneStream* stream = Find(await.lane);
                   if (stream != nullptr) stream->AwaitWritten();
                 },
                 [&](const FinishLane& finish) {
                   LaneStream* stream = Find(finish.lane);
                   if (stream != nullptr) stream->Finish();
                 },
                 [&](const AbortLane& abort) {
                   LaneStream* stream = Find(abort.lane);
                   if (stream != nullptr) stream->Abort();
                 },
             },
             action);
}

void LaneTransport::Impl::Open(LaneId lane) {
  if (streams_.size() >= kStreamsMax) {
    if (!mailbox_->Push(StreamRefused{lane})) std::abort();
    return;
  }
  const auto& stub = stub_.Get(std::chrono::steady_clock::now());
  Stream& stream = streams_[lane];
  stream.reactor = std::make_unique<LaneStream>(lane, stub, mailbox_);
  stream.reactor->Open();
}

LaneStream* LaneTransport::Impl::Find(LaneId lane) {
  const auto it = streams_.find(lane);
  return it == streams_.end() || it->second.released ? nullptr : it->second.reactor.get();
}

void LaneTransport::Impl::Drain(std::vector<LaneEvent>& events) {
  events.clear();
  mailbox_->Drain(inbox_);
  const auto pass_on = [&](const auto& event) { events.emplace_back(event); };
  for (StreamEvent& event : inbox_) {
    std::visit(Overloaded{
                   [&](const LaneOpened& opened) {
                     streams_.at(opened.lane).opened = true;
                     pass_on(opened);
                   },
                   [&](const LaneWritten& written) { pass_on(written); },
                   [&](LaneBatch& batch) {
                     Stream& stream = streams_.at(batch.lane);
                     stream.draining = stream.draining || batch.batch.draining();
                     stream.reactor->ReadNext();
                     events.emplace_back(std::move(batch));
                   },
                   [&](const ReadEnded& ended) {
                     TakeReadEnded(ended.lane);
                     pass_on(LaneDead{ended.lane});
                   },
                   [&](const StreamEnded& ended) { TakeStreamEnded(ended); },
                   [&](const StreamRefused& refused) { pass_on(LaneDead{refused.lane}); },
               },
               event);
  }
  inbox_.clear();
}

void LaneTransport::Impl::TakeReadEnded(LaneId lane) {
  Stream& stream = streams_.at(lane);
  stream.released = true;
  stream.reactor->Release();
}

void LaneTransport::Impl::TakeStreamEnded(const StreamEnded& ended) {
  const auto found = streams_.find(ended.lane);
  // A lane that ends with the edge, or after its translator's announcement, is not lost.
  if (!ended.status.ok() && config_.log != nullptr && !closing_ && !found->second.draining) {
    Warn(found->second, ended.status);
  }
  streams_.erase(found);
}

void LaneTransport::Impl::Warn(const Stream& stream, const grpc::Status& status) {
  const TimePoint now = std::chrono::steady_clock::now();
  const int code = static_cast<int>(status.error_code());
  if (!stream.opened && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    if (!config_.unreachable_pace->Pass(now, kUnreachableIntervalMin)) return;
    config_.log->Warning("no_translator", {{"flag", "--translator"},
                                           {"target", config_.target},
                                           {"grpc_code", code},
                                           {"reason", status.error_message()}});
    return;
  }
  if (!config_.lost_pace->Pass(now, kLostIntervalMin)) return;
  config_.log->Warning("lane_lost", {{"grpc_code", code}, {"reason", status.error_message()}});
}

bool SharedPace::Pass(TimePoint now, Duration interval) {
  const Duration::rep at = now.time_since_epoch().count();
  Duration::rep before = passed_.load();
  if (before != 0 && Duration(at - before) < interval) return false;
  return passed_.compare_exchange_strong(before, at);
}

LaneTransport::LaneTransport(const TransportConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
LaneTransport::~LaneTransport() = default;
void LaneTransport::Execute(Action action) { impl_->Execute(std::move(action)); }
void LaneTransport::Drain(std::vector<LaneEvent>& events) { impl_->Drain(events); }
int LaneTransport::fd() const { return impl_->fd(); }

}  // namespace lowband::edge::uplink
