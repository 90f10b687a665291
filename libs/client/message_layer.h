// The message layer of a client (RFC 7252 §4): message IDs, retransmission of our confirmable
// messages, acknowledgement and duplicates of the server's. It does not use tokens or blocks.
//
//   SendConfirmable ──▶ wait ──ACK──▶ kAcknowledged, or kMessage when the answer rides on it
//                        │ └──RST──▶ kReset
//                        └──timer──▶ retransmit, at last PopExpired
//
// Threading: one thread. Ownership: a received view lives as long as the datagram it came in.
// Limits: limits.h. Spec: RFC 7252 §4.2 to §4.5, §4.8.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/packet_queue.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "libs/client/config.h"
#include "libs/client/message_ids.h"
#include "libs/coap/message.h"
#include "libs/coap/rtt_estimator.h"
#include "libs/coap/transmission.h"

namespace lowband::client {

class MessageLayer {
 public:
  /// Identifies the caller's operation that a message belongs to.
  using Handle = uint64_t;

  enum class What : uint8_t {
    kNothing,       ///< A duplicate, malformed, or no longer of interest.
    kAcknowledged,  ///< Empty ACK: the answer comes later.
    kReset,         ///< RST to a message of ours.
    kMessage,       ///< A message with a code, on an ACK (then `handle` is set) or separate.
  };
  struct Incoming {
    What what = What::kNothing;
    std::optional<Handle> handle;
    std::optional<coap::MessageView> message;
    /// Size of our message that this acknowledges.
    size_t acknowledged_bytes = 0;
  };

  /// `random` outlives this.
  MessageLayer(const Config& config, Random& random);

  /// The reason why the acknowledgement may be delayed.
  enum class Wait : uint8_t {
    kForAnswer,  ///< The answer may be piggybacked on the ACK: up to kPeerAckDelay.
    kForNobody,  ///< The server can answer at once: the time is only that of the path.
  };

  /// Sends `message` with a fresh message ID until it is acknowledged, reset or given up. False,
  /// and nothing sent, while no message ID is free.
  [[nodiscard]] bool SendConfirmable(TimePoint now, Handle handle, Bytes message,
                                     Wait wait = Wait::kForAnswer);
  /// Sends `message` once. An RST to it is reported while its ID is remembered: until Forget.
  [[nodiscard]] bool SendNonConfirmable(TimePoint now, Handle handle, Bytes message);
  /// A CON on behalf of `handle` waits for its acknowledgement.
  bool Unacknowledged(Handle handle) const;
  /// Stops every retransmission on behalf of `handle`.
  void Forget(Handle handle);

  Incoming Receive(TimePoint now, ByteView datagram);
  /// The ACK is repeated when a duplicate of the CON comes. Messages of other types get none.
  void Acknowledge(TimePoint now, const coap::MessageView& message);
  void Reject(TimePoint now, const coap::MessageView& message);
  /// Treats the message as lost: it gets no ACK, and its retransmission is no duplicate.
  void Overlook(TimePoint now, const coap::MessageView& message);

  /// A message that is due again after kLargeRepeatsMax repeats: it is given up and forgotten, or
  /// sent again unchanged, or replaced.
  struct Due {
    Handle handle;
    uint16_t message_id;
    bool given_up;
  };
  /// Retransmits the due messages; to be called until none.
  std::optional<Due> PopDue(TimePoint now);
  void Repeat(const Due& due);
  /// Sends `message` with a new ID instead of the due copy; it is repeated and given up at that
  /// one's times. Answers to the earlier one are still accepted. False, and nothing sent, while no
  /// message ID is free.
  [[nodiscard]] bool Replace(TimePoint now, const Due& due, Bytes message);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  std::optional<ByteView> PollTransmit();

  uint64_t retransmissions() const { return retransmissions_; }

 private:
  struct Outgoing {
    Handle handle = 0;
    Bytes message;  ///< Empty for a NON, which is never repeated.
    Wait wait = Wait::kForAnswer;
    coap::Transmission transmission = {};
    bool replaced = false;  ///< No longer sent.
  };
  struct Seen {
    uint16_t message_id;
    std::optional<coap::Type> answered;  ///< ACK or RST; none until decided, or not a CON.
    TimePoint until;
  };

  std::optional<uint16_t> Stamp(TimePoint now, coap::Type type, Bytes& message);
  Incoming OnReply(TimePoint now, const coap::MessageView& message);
  void Measure(TimePoint now, const Outgoing& outgoing);
  bool IsDuplicate(TimePoint now, const coap::MessageView& message);
  void Answer(TimePoint now, const coap::MessageView& message, coap::Type type);
  void Erase(uint16_t message_id);

  const coap::TransmissionParameters parameters_;
  coap::RttEstimator round_trips_;
  Random& random_;
  MessageIds ids_;
  std::unordered_map<uint16_t, Outgoing> outgoing_;
  TimerQueue<uint16_t> timers_;
  std::vector<Seen> seen_;
  size_t oldest_seen_ = 0;
  struct None {};
  PacketQueue<None> out_;
  uint64_t retransmissions_ = 0;
};

}  // namespace lowband::client
