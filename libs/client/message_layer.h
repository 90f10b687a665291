// The message layer of a client (RFC 7252 §4): message IDs, retransmission of what we confirm,
// acknowledgement and duplicates of what the server confirms. Knows nothing of tokens or blocks.
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
  /// Names the caller's business that a message belongs to.
  using Handle = uint64_t;

  enum class What : uint8_t {
    kNothing,       ///< A duplicate, malformed, or of no interest any more.
    kAcknowledged,  ///< Empty ACK: the answer comes later.
    kReset,         ///< RST to a message of ours.
    kMessage,       ///< Something with a code, on an ACK (then `handle` is set) or on its own.
  };
  struct Incoming {
    What what = What::kNothing;
    std::optional<Handle> handle;
    std::optional<coap::MessageView> message;
    /// Of the message of ours that this acknowledges.
    size_t acknowledged_bytes = 0;
  };

  /// `random` outlives this.
  MessageLayer(const Config& config, Random& random);

  /// What the acknowledgement waits for.
  enum class Wait : uint8_t {
    kForAnswer,  ///< Maybe for the answer, that it may ride on the ACK: up to kPeerAckDelay.
    kForNobody,  ///< The server has at hand what it answers: the time is that of the path.
  };

  /// Sends `message` with a fresh message ID until it is acknowledged, reset or given up. False,
  /// and nothing sent, while no message ID is free.
  [[nodiscard]] bool SendConfirmable(TimePoint now, Handle handle, Bytes message,
                                     Wait wait = Wait::kForAnswer);
  /// Sends `message` once. A RST to it is reported while its ID is remembered: until Forget.
  [[nodiscard]] bool SendNonConfirmable(TimePoint now, Handle handle, Bytes message);
  /// A CON on behalf of `handle` waits for its acknowledgement.
  bool Unacknowledged(Handle handle) const;
  /// Stops every retransmission on behalf of `handle`.
  void Forget(Handle handle);

  Incoming Receive(TimePoint now, ByteView datagram);
  /// What a CON got for an answer is repeated when its duplicate comes. Nothing goes out for a
  /// message of another type.
  void Acknowledge(TimePoint now, const coap::MessageView& message);
  void Reject(TimePoint now, const coap::MessageView& message);
  /// As if the message had been lost: it gets no answer, and its retransmission is no duplicate.
  void Overlook(TimePoint now, const coap::MessageView& message);

  /// One whose time has come again after kLargeRepeatsMax repeats: given up and forgotten, or to be
  /// sent again as it is, or replaced.
  struct Due {
    Handle handle;
    uint16_t message_id;
    bool given_up;
  };
  /// Retransmits what is due; to be called until none.
  std::optional<Due> PopDue(TimePoint now);
  void Repeat(const Due& due);
  /// `message` goes out under a new ID in the place of the copy that is due, and is repeated and
  /// given up when that would have been. What comes for the earlier one is taken all the same.
  /// False, and nothing sent, while no message ID is free.
  [[nodiscard]] bool Replace(TimePoint now, const Due& due, Bytes message);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  std::optional<ByteView> PollTransmit();

  uint64_t retransmissions() const { return retransmissions_; }

 private:
  struct Outgoing {
    Handle handle = 0;
    Bytes message;  ///< Empty for a NON, which is never sent again.
    Wait wait = Wait::kForAnswer;
    coap::Transmission transmission = {};
    bool replaced = false;  ///< Not sent any more.
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
