// One client's connection: its requests, one after the other, until either side closes.
//
//   handshake ─▶ head ──whole──▶ transfer ──kept alive──▶ head
//        │        ├─refused─▶ linger ◀─not kept─┤
//        │        └─nothing came─▶ ┘ │          └─broken─▶ over
//        └─failed─▶ over             └─▶ over
//
// It is stepped when something of what it waits for may have happened, and never blocks.
//
// Threading: one thread, its loop's; made by another. Ownership: borrows configuration, channel and
// counters; has the stream and its seat. Limits: limits.h. Spec: RFC 9112 §9.
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

/// What all connections of a server share; outlives them.
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

  /// Goes as far as it can.
  void Step(TimePoint now);
  bool over() const { return state_ == State::kOver; }
  /// When to step it again: by its socket...
  Interest interest() const;
  /// ...or by the clock, or when its waker wakes it.
  std::optional<TimePoint> deadline() const;
  /// The socket is unusable, and neither readable nor writable was waited for.
  void HangUp() { wire_.Abandon(); }
  /// Ends at once, for another.
  void MakeRoom(TimePoint now);

  ConnectionTable::Id id() const { return id_; }
  int fd() { return wire_.stream().fd(); }

 private:
  enum class State : uint8_t { kHandshake, kHead, kTransfer, kLinger, kOver };
  /// A request and its transfer.
  struct Exchange;

  /// Each is true if the state has changed.
  bool StepHandshake(TimePoint now);
  bool StepHead(TimePoint now);
  bool StepTransfer(TimePoint now);
  bool StepLinger(TimePoint now);

  void ExpectHead(TimePoint now, Duration patience);
  void StartTransfer(TimePoint now, http::RequestHead head);
  void EndTransfer(TimePoint now);
  /// After the transfer: the connection can go on with another.
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
  TimePoint deadline_;  ///< Of the head, or of lingering.
  http::RequestHeadReader reader_;
  bool head_expected_ = false;  ///< Nothing has been read since.
  bool head_begun_ = false;
  bool output_ended_ = false;
  uint64_t linger_until_moved_ = 0;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace lowband::edge::fallback
