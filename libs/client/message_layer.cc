#include "libs/client/message_layer.h"

#include <algorithm>
#include <utility>

#include "libs/client/limits.h"

namespace lowband::client {

using coap::MessageView;
using coap::Type;

MessageLayer::MessageLayer(const Config& config, Random& random)
    : parameters_{config.ack_timeout, config.ack_random_factor, config.max_retransmit,
                  config.ack_wait_max},
      random_(random),
      ids_(static_cast<uint16_t>(random.Below(65536))) {}

std::optional<uint16_t> MessageLayer::Stamp(TimePoint now, Type type, Bytes& message) {
  const auto id = ids_.Take(now);
  if (id) coap::StampTypeAndId(message, type, *id);
  return id;
}

bool MessageLayer::SendConfirmable(TimePoint now, Handle handle, Bytes message, Wait wait) {
  const auto id = Stamp(now, Type::kConfirmable, message);
  if (!id) return false;
  Duration timeout = round_trips_.Timeout(now, parameters_.ack_timeout);
  if (wait == Wait::kForAnswer && round_trips_.measured()) timeout += kPeerAckDelay;
  const coap::Transmission transmission(now, parameters_, timeout, random_.Unit());
  out_.Push({}, message);
  timers_.Set(*id, transmission.due());
  outgoing_.insert_or_assign(*id, Outgoing{handle, std::move(message), wait, transmission});
  return true;
}

bool MessageLayer::SendNonConfirmable(TimePoint now, Handle handle, Bytes message) {
  const auto id = Stamp(now, Type::kNonConfirmable, message);
  if (!id) return false;
  out_.Push({}, message);
  outgoing_.insert_or_assign(*id, Outgoing{handle, {}});
  return true;
}

void MessageLayer::Erase(uint16_t message_id) {
  outgoing_.erase(message_id);
  timers_.Cancel(message_id);
}

bool MessageLayer::Unacknowledged(Handle handle) const {
  return std::ranges::any_of(outgoing_, [handle](const auto& entry) {
    const Outgoing& outgoing = entry.second;
    return outgoing.handle == handle && !outgoing.message.empty() && !outgoing.replaced;
  });
}

void MessageLayer::Forget(Handle handle) {
  for (auto it = outgoing_.begin(); it != outgoing_.end();) {
    if (it->second.handle != handle) {
      ++it;
      continue;
    }
    timers_.Cancel(it->first);
    it = outgoing_.erase(it);
  }
}

MessageLayer::Incoming MessageLayer::Receive(TimePoint now, ByteView datagram) {
  const auto parsed = coap::Parse(datagram);
  if (!parsed) {
    // RFC 7252 §4.2: a CON without a meaning is rejected; §4.3: other messages are ignored.
    const auto envelope = coap::ParseEnvelope(datagram);
    if (envelope && envelope->type == Type::kConfirmable) {
      out_.Push({}, coap::EmptyMessage(Type::kReset, envelope->message_id));
    }
    return {};
  }
  const MessageView& message = *parsed;
  switch (message.type) {
    case Type::kAcknowledgement:
    case Type::kReset: return OnReply(now, message);
    case Type::kConfirmable:
    case Type::kNonConfirmable: break;
  }
  if (message.code.is_empty()) {
    // A ping (RFC 7252 §4.3) gets an RST; an empty NON has no meaning.
    if (message.type == Type::kConfirmable) {
      out_.Push({}, coap::EmptyMessage(Type::kReset, message.message_id));
    }
    return {};
  }
  if (IsDuplicate(now, message)) return {};
  return {What::kMessage, std::nullopt, message};
}

MessageLayer::Incoming MessageLayer::OnReply(TimePoint now, const MessageView& message) {
  const auto it = outgoing_.find(message.message_id);
  if (it == outgoing_.end()) return {};
  const Handle handle = it->second.handle;
  Measure(now, it->second);
  if (message.type == Type::kReset) {
    Erase(message.message_id);
    return {What::kReset, handle, std::nullopt};
  }
  const size_t bytes = it->second.message.size();
  if (bytes == 0) return {};  // an ACK to a NON
  Erase(message.message_id);
  if (message.code.is_empty()) return {What::kAcknowledged, handle, std::nullopt, bytes};
  return {What::kMessage, handle, message, bytes};
}

// An ACK that may have waited for an answer is no measurement of the path.
void MessageLayer::Measure(TimePoint now, const Outgoing& outgoing) {
  if (outgoing.message.empty() || outgoing.wait == Wait::kForAnswer) return;
  if (outgoing.transmission.repeats() == 0) {
    round_trips_.Sample(now, now - outgoing.transmission.begun());
  } else {
    round_trips_.BackOff();
  }
}

bool MessageLayer::IsDuplicate(TimePoint now, const MessageView& message) {
  for (const Seen& seen : seen_) {
    if (seen.message_id != message.message_id || seen.until <= now) continue;
    if (seen.answered) out_.Push({}, coap::EmptyMessage(*seen.answered, message.message_id));
    return true;
  }
  const Seen fresh{message.message_id, std::nullopt, now + kExchangeLifetime};
  if (seen_.size() < kPeerMessagesMax) {
    seen_.push_back(fresh);
  } else {
    seen_[oldest_seen_] = fresh;
    oldest_seen_ = (oldest_seen_ + 1) % kPeerMessagesMax;
  }
  return false;
}

void MessageLayer::Answer(TimePoint now, const MessageView& message, Type type) {
  if (message.type != Type::kConfirmable) return;
  out_.Push({}, coap::EmptyMessage(type, message.message_id));
  for (Seen& seen : seen_) {
    if (seen.message_id == message.message_id && seen.until > now) seen.answered = type;
  }
}

void MessageLayer::Acknowledge(TimePoint now, const MessageView& message) {
  Answer(now, message, Type::kAcknowledgement);
}

void MessageLayer::Reject(TimePoint now, const MessageView& message) {
  Answer(now, message, Type::kReset);
}

void MessageLayer::Overlook(TimePoint now, const MessageView& message) {
  for (Seen& seen : seen_) {
    if (seen.message_id == message.message_id) seen.until = std::min(seen.until, now);
  }
}

std::optional<MessageLayer::Due> MessageLayer::PopDue(TimePoint now) {
  while (const auto id = timers_.PopDue(now)) {
    const auto it = outgoing_.find(*id);
    if (it == outgoing_.end()) continue;
    Outgoing& outgoing = it->second;
    const Due due{outgoing.handle, *id, !outgoing.transmission.Repeat()};
    if (due.given_up) {
      outgoing_.erase(it);
      return due;
    }
    timers_.Set(*id, outgoing.transmission.due());
    if (outgoing.transmission.repeats() > kLargeRepeatsMax) return due;
    Repeat(due);
  }
  return std::nullopt;
}

void MessageLayer::Repeat(const Due& due) {
  ++retransmissions_;
  out_.Push({}, outgoing_.at(due.message_id).message);
}

bool MessageLayer::Replace(TimePoint now, const Due& due, Bytes message) {
  const auto id = Stamp(now, Type::kConfirmable, message);
  if (!id) return false;
  Outgoing& earlier = outgoing_.at(due.message_id);
  earlier.replaced = true;
  timers_.Cancel(due.message_id);
  Outgoing outgoing{due.handle, std::move(message), earlier.wait, earlier.transmission};
  timers_.Set(*id, outgoing.transmission.due());
  ++retransmissions_;
  out_.Push({}, outgoing.message);
  outgoing_.insert_or_assign(*id, std::move(outgoing));
  return true;
}

std::optional<ByteView> MessageLayer::PollTransmit() {
  const auto packet = out_.Pop();
  if (!packet) return std::nullopt;
  return packet->bytes;
}

}  // namespace lowband::client
