// The attackers of the simulator: one network, and as many sessions as they like. Each does one of
// the things that attack.h names until its time is over, or the edge ends it, and begins anew.
//
//   begin ──▶ handshake ──▶ asks, uploads, pings, ... ──▶ says no more ──▶ begin
//
// Their own way to the edge is a good one, whatever the phones' is; and they see what the phones
// send, and send it once more.
//
// Threading: one thread. Ownership: what the constructor is given outlives it.
// Limits: Attack::sessions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/timer_queue.h"
#include "libs/client/session.h"
#include "libs/sim/timeline.h"
#include "tests/sim/attack.h"

namespace lowband::testing {

/// The account that they have, and its user's name at the homeserver.
inline constexpr const char* kAttackersToken = "mallory";

class Attackers {
 public:
  struct Hooks {
    /// Carries a datagram to the edge.
    std::function<void(const SocketAddress& from, ByteView datagram)> send;
    std::function<void(const std::string&)> trace;
  };
  Attackers(sim::Timeline& timeline, uint64_t seed, const Attack& attack, Hooks hooks);

  void Start();
  /// They are gone, without a word.
  void Stop();
  bool attacking() const { return attacking_; }

  /// False: nobody of theirs is at that address.
  bool Has(const SocketAddress& address) const { return by_address_.contains(address); }
  void Receive(const SocketAddress& at, ByteView datagram);
  /// A phone's datagram on its way to the edge.
  void Overhear(const SocketAddress& from, ByteView datagram);
  std::optional<TimePoint> NextDeadline() { return deadlines_.Next(); }
  void Advance();

 private:
  struct Member {
    AttackKind kind = AttackKind::kPings;
    SocketAddress address;
    std::unique_ptr<client::Session> session;
    Bytes ticket;
    std::optional<size_t> may_send;  ///< Datagrams; none: as many as it likes.
    uint64_t generation = 0;         ///< What was planned for an earlier session is dropped.
  };
  struct Heard {
    SocketAddress from;
    Bytes datagram;
  };

  void Begin(size_t index);
  void Connect(size_t index);
  void BeginLater(size_t index, Duration wait);
  /// Runs `run` then, unless the session has ended until then.
  void Later(size_t index, Duration wait, std::function<void()> run);
  void Settle(size_t index);
  void OnEvent(size_t index, const client::Event& event);
  /// What its kind does first.
  void Act(size_t index);
  void Ping(size_t index);
  void Observe(Member& member, bool silent);
  void MakeNoise(size_t index);
  Bytes Noise();
  SocketAddress NewAddress();
  Duration Between(Duration low, Duration high);

  sim::Timeline& timeline_;
  std::unique_ptr<Random> random_;
  const Attack attack_;
  const Hooks hooks_;
  bool attacking_ = false;
  std::vector<Member> members_;
  std::unordered_map<SocketAddress, size_t> by_address_;
  TimerQueue<size_t> deadlines_;
  uint16_t next_port_ = 0;
  std::vector<Heard> heard_;
  size_t next_heard_ = 0;
};

}  // namespace lowband::testing
