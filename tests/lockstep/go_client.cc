#include "tests/lockstep/go_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace lowband::edge::testing {
namespace {

using coap::OptionNumber;
using std::chrono::milliseconds;

constexpr size_t kBlockBytes = 1024;
constexpr unsigned kCopiesMax = 5;
constexpr std::chrono::seconds kLifetime{247};

coap::Token TokenOf(uint32_t number) {
  Bytes raw;
  if (number > 127) raw.push_back(static_cast<uint8_t>(number >> 7));
  raw.push_back(static_cast<uint8_t>(number & 127));
  return coap::Token(raw);
}

std::optional<coap::Block> BlockIn(const coap::MessageView& message, OptionNumber number) {
  const auto value = message.Find(number);
  return value ? coap::ParseBlock(*value) : std::nullopt;
}

}  // namespace

void GoClient::Start(TimePoint now, GoRequest request) {
  const uint32_t token = ++last_token_;
  Pending& pending = pending_[token];
  pending.request = std::move(request);
  pending.token = TokenOf(token);
  pending.uploading = pending.request.body.size() > kBlockBytes;
  SendConfirmable(now, pending, std::nullopt);
}

void GoClient::SendConfirmable(TimePoint now, Pending& pending, std::optional<coap::Block> block2) {
  pending.message_id = next_id_++;
  used_ids_[pending.message_id] = now;
  pending.datagram = Write(pending, coap::Type::kConfirmable, pending.message_id, block2);
  pending.acknowledged = false;
  pending.copies = 1;
  pending.timeout = timers_ == Timers::kMobile ? Duration(std::chrono::seconds(9))
                                               : milliseconds(2000 + random_.Below(1000));
  pending.send_again = now + pending.timeout;
  sent_.push_back(pending.datagram);
}

Bytes GoClient::Write(const Pending& pending, coap::Type type, uint16_t message_id,
                      std::optional<coap::Block> block2) const {
  const GoRequest& request = pending.request;
  coap::MessageWriter writer(type, request.method, message_id, pending.token);
  writer.Option(OptionNumber::kUriPath, AsBytes(request.path));
  writer.OptionUint(OptionNumber::kContentFormat, 60);
  writer.Option(OptionNumber::kUriQuery, AsBytes("q=1"));
  const size_t size = request.body.size();
  if (block2) writer.OptionUint(OptionNumber::kBlock2, block2->Pack());
  if (size <= kBlockBytes) return writer.Finish(block2 ? ByteView{} : ByteView(request.body));
  // All options come in every block; in a follow-up those of the last block are left over.
  const size_t from = block2 ? (size - 1) / kBlockBytes * kBlockBytes : pending.uploaded;
  const size_t length = std::min(kBlockBytes, size - from);
  const coap::Block block1{static_cast<uint32_t>(from / kBlockBytes), from + length < size, 6};
  writer.OptionUint(OptionNumber::kBlock1, block1.Pack());
  writer.OptionUint(OptionNumber::kSize1, static_cast<uint32_t>(size));
  return writer.Finish(block2 ? ByteView{} : ByteView(request.body).subspan(from, length));
}

void GoClient::Receive(TimePoint now, ByteView datagram) {
  EXPECT_LE(datagram.size(), coap::kMessageBytesDefault);
  const auto message = coap::Parse(datagram);
  ASSERT_TRUE(message) << "an undecodable message closes the connection";
  EXPECT_LE(message->options().size(), coap::kOptionsSentMax);
  switch (message->type) {
    case coap::Type::kReset: ADD_FAILURE() << "a RST to a request hangs it"; return;
    case coap::Type::kAcknowledgement: ReceiveAck(now, *message); return;
    case coap::Type::kConfirmable:
    case coap::Type::kNonConfirmable: ReceiveOwn(now, *message); return;
  }
}

void GoClient::ReceiveAck(TimePoint now, const coap::MessageView& message) {
  const auto pending = std::ranges::find_if(pending_, [&](const auto& each) {
    return each.second.message_id == message.message_id && !each.second.acknowledged;
  });
  if (pending == pending_.end()) return;  // a duplicate
  pending->second.acknowledged = true;
  if (message.code.is_empty()) return;
  EXPECT_EQ(message.token, pending->second.token);
  if (const auto next = TakeResponse(now, pending, message)) {
    SendConfirmable(now, pending->second, next);
  }
}

void GoClient::ReceiveOwn(TimePoint now, const coap::MessageView& message) {
  const bool confirmable = message.type == coap::Type::kConfirmable;
  const auto known = replies_.find(message.message_id);
  if (known != replies_.end()) {
    if (confirmable) sent_.push_back(known->second);
    return;
  }
  CheckIdOfServer(now, message.message_id);
  const auto empty = coap::EmptyMessage(coap::Type::kAcknowledgement, message.message_id);
  Bytes reply(empty.begin(), empty.end());
  if (const auto pending = FindToken(message.token)) {
    const auto next = TakeResponse(now, *pending, message);
    if (next && confirmable) {
      reply = Write((*pending)->second, coap::Type::kAcknowledgement, message.message_id, next);
      (*pending)->second.acknowledged = true;  // the server does the retransmission now
    } else if (next) {
      SendConfirmable(now, (*pending)->second, next);
    }
  }
  if (!confirmable) return;
  sent_.push_back(reply);
  replies_[message.message_id] = std::move(reply);
}

std::optional<GoClient::Entry> GoClient::FindToken(const coap::Token& token) {
  const auto pending =
      std::ranges::find_if(pending_, [&](const auto& each) { return each.second.token == token; });
  if (pending == pending_.end()) return std::nullopt;
  return pending;
}

std::optional<coap::Block> GoClient::TakeResponse(TimePoint now, Entry entry,
                                                  const coap::MessageView& message) {
  Pending& pending = entry->second;
  if (message.code == coap::kContinue) {
    const auto block1 = BlockIn(message, OptionNumber::kBlock1);
    EXPECT_TRUE(pending.uploading && block1);
    if (block1) {
      EXPECT_EQ(block1->offset(), pending.uploaded);
      EXPECT_EQ(block1->szx, 6);
    }
    pending.uploaded += kBlockBytes;
    SendConfirmable(now, pending, std::nullopt);
    return std::nullopt;
  }
  pending.uploading = false;
  EXPECT_FALSE(message.payload.empty()) << "an empty body crashes";
  const auto block2 = BlockIn(message, OptionNumber::kBlock2);
  if (block2) {
    // An earlier block truncates what was put together: they go on from there.
    if (block2->szx == pending.szx) {
      EXPECT_EQ(block2->offset(), pending.download.size());
    }
    EXPECT_LE(block2->offset(), pending.download.size());
    pending.download.resize(std::min(pending.download.size(), block2->offset()));
    pending.szx = block2->szx;
    const ByteView tag = message.Find(OptionNumber::kETag).value_or(ByteView{});
    if (!pending.entity_tag.empty()) {
      EXPECT_TRUE(std::ranges::equal(tag, pending.entity_tag));
    }
    pending.entity_tag.assign(tag.begin(), tag.end());
  }
  Append(pending.download, message.payload);
  if (block2 && block2->more) {
    const auto number = static_cast<uint32_t>(pending.download.size() / block2->size());
    return coap::Block{number, true, block2->szx};
  }
  EXPECT_FALSE(results_.contains(pending.request.path)) << "answered twice";
  results_[pending.request.path] = {message.code, std::move(pending.download)};
  pending_.erase(entry);
  return std::nullopt;
}

void GoClient::CheckIdOfServer(TimePoint now, uint16_t message_id) {
  EXPECT_NE(message_id, 0) << "an ID of 0 is swallowed";
  const auto used = used_ids_.find(message_id);
  if (used != used_ids_.end()) {
    EXPECT_GE(now - used->second, kLifetime) << "swallowed as a duplicate of our own";
  }
}

void GoClient::Advance(TimePoint now) {
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    Pending& pending = entry->second;
    const auto next = std::next(entry);
    if (!pending.acknowledged && pending.send_again <= now) {
      if (pending.copies == kCopiesMax) {
        ++timed_out_;
        pending_.erase(entry);
      } else {
        ++pending.copies;
        if (timers_ == Timers::kRfc) pending.timeout *= 2;
        pending.send_again = now + pending.timeout;
        sent_.push_back(pending.datagram);
      }
    }
    entry = next;
  }
}

std::optional<TimePoint> GoClient::NextDeadline() const {
  std::optional<TimePoint> next;
  for (const auto& [token, pending] : pending_) {
    if (!pending.acknowledged) next = Earlier(next, pending.send_again);
  }
  return next;
}

std::optional<Bytes> GoClient::TakeSent() {
  if (sent_.empty()) return std::nullopt;
  Bytes sent = std::move(sent_.front());
  sent_.pop_front();
  return sent;
}

}  // namespace lowband::edge::testing
