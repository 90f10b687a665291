#include "services/edge/uplink/lane_transport.h"

#include <grpcpp/channel.h>
#include <poll.h>

#include <cstdlib>
#include <utility>

#include "libs/base/log.h"
#include "libs/grpc/runtime.h"
#include "services/edge/uplink/lane_stream.h"
#include "services/edge/uplink/limits.h"
#include "services/edge/uplink/recent_stub.h"

namespace lowband::edge::uplink {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

constexpr Duration kLogIntervalMin = std::chrono::seconds(1);

// A lane set has at most kLanesAliveMax lanes whose refusal it has not seen.
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
    /// It has ended as far as the lane set knows; gRPC has yet to let go of it.
    bool released = false;
  };

  void Open(LaneId lane);
  /// Null when the lane has ended.
  LaneStream* Find(LaneId lane);
  void TakeReadEnded(LaneId lane);
  void TakeStreamEnded(const StreamEnded& ended);

  const TransportConfig config_;
  const std::shared_ptr<StreamMailbox> mailbox_;
  RecentStub stub_;
  TimePoint logged_at_;
  std::unordered_map<LaneId, Stream> streams_;
  std::vector<StreamEvent> inbox_;
};

LaneTransport::Impl::~Impl() {
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
                   [&](const LaneOpened& opened) { pass_on(opened); },
                   [&](const LaneWritten& written) { pass_on(written); },
                   [&](LaneBatch& batch) {
                     streams_.at(batch.lane).reactor->ReadNext();
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
  streams_.erase(ended.lane);
  if (ended.status.ok() || config_.log == nullptr) return;
  // A translator that is gone for long fails several times a second, always alike.
  const TimePoint now = std::chrono::steady_clock::now();
  if (now - logged_at_ < kLogIntervalMin) return;
  logged_at_ = now;
  config_.log->Warning("lane_lost", {{"grpc_code", static_cast<int>(ended.status.error_code())},
                                     {"reason", ended.status.error_message()}});
}

LaneTransport::LaneTransport(const TransportConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
LaneTransport::~LaneTransport() = default;
void LaneTransport::Execute(Action action) { impl_->Execute(std::move(action)); }
void LaneTransport::Drain(std::vector<LaneEvent>& events) { impl_->Drain(events); }
int LaneTransport::fd() const { return impl_->fd(); }

}  // namespace lowband::edge::uplink
