// One client's connection: its requests, one after the other, until either side closes.
//
//   handshake ─▶ head ──whole──▶ transfer ──kept alive──▶ head
//        │        ├─refused─▶ linger ◀─not kept─┤
//        │        └─nothing came─▶ ┘ │          └─broken─▶ over
//        └─failed─▶ over             └─▶ over
//
// The loop steps it when an event for which it waits may have happened; it never blocks.
//
// Threading: its loop's thread; made on another. Ownership: borrows configuration, channel and
// counters; owns the stream and its seat. Limits: limits.h. Spec: RFC 9112 §9.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "services/edge/fallback/connection_table.h"
#include "services/edge/fallback/handshake.h"
#include "services/edge/fallback/stop_state.h"
#include "services/edge/fallback/transfer.h"
#include "services/edge/fallback/wake_queue.h"
#include "services/edge/fallback/wire.h"

namespace lowband::edge::fallback {

/// Shared by all connections of a server; outlives them.
struct ConnectionContext {
  const Config& config;
  RelayChannel& channel;
  Counters& counters;
  const StopState& stop;
  ConnectionTable& table;
};

class Connection {
 public:
  Connection(TimePoint now, const ConnectionContext& context, ConnectionTable::Id id,
             std::unique_ptr<ByteStream> stream, Client client, Waker waker);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Advances as far as possible without blocking.
  void Step(TimePoint now);
  bool over() const { return state_ == State::kOver; }
  /// The socket's events at which to step it again...
  Interest interest() const;
  /// ...or the time, if its waker does not wake it before.
  std::optional<TimePoint> deadline() const;
  /// The socket has become unusable while the connection waited neither to read nor to write.
  void HangUp() { wire_.Abandon(); }
  /// Ends at once, to make room for another.
  void MakeRoom(TimePoint now);

  ConnectionTable::Id id() const { return id_; }
  int fd() { return wire_.stream().fd(); }

 private:
  enum class State : uint8_t { kHandshake, kHead, kTransfer, kLinger, kOver };
  /// A request and its transfer.
  struct Exchange;

  /// Each returns true if the state has changed.
  bool StepHandshake(TimePoint now);
  bool StepHead(TimePoint now);
  bool StepTransfer(TimePoint now);
  bool StepLinger(TimePoint now);

  void ExpectHead(TimePoint now, Duration patience);
  void StartTransfer(TimePoint now, http::RequestHead head);
  void EndTransfer(TimePoint now);
  /// After the transfer: whether the connection can take another request.
  bool Concludes(const Transfer& transfer);
  bool Linger(TimePoint now);
  bool End();
  bool aborting() const { return context_.stop.aborting.load(std::memory_order_relaxed); }
  bool draining() const { return context_.stop.draining.load(std::memory_order_relaxed); }
  void TellPlainHttp();
  void Refuse(const http::Refusal& refusal, bool without_body);

  const ConnectionTable::Id id_;
  const ConnectionContext& context_;
  Seat seat_;
  const Client client_;
  const TransferContext transfers_;
  Wire wire_;
  State state_ = State::kHandshake;
  std::optional<Handshake> handshake_;
  TimePoint deadline_;  ///< For the head, or for lingering.
  http::RequestHeadReader reader_;
  bool head_expected_ = false;  ///< Nothing has been read for the next head yet.
  bool head_begun_ = false;
  bool output_ended_ = false;
  uint64_t linger_until_moved_ = 0;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace lowband::edge::fallback
