// A session over plain UDP in virtual time, with the test as its server: a small language for
// scripts of datagrams.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "libs/client/options.h"
#include "libs/client/session.h"
#include "libs/coap/block.h"
#include "libs/coap/message.h"

namespace lowband::client {

using coap::Block;
using coap::Code;
using coap::OptionNumber;
using coap::Type;

/// A datagram that the client sent, parsed.
struct Sent {
  Bytes raw;
  coap::MessageView view;  ///< Points into raw.

  explicit Sent(ByteView datagram) : raw(datagram.begin(), datagram.end()) {
    const auto parsed = coap::Parse(raw);
    if (!parsed) {
      ADD_FAILURE() << "the client sent no CoAP message: " << coap::Text(parsed.error());
      return;
    }
    view = *parsed;
  }
  Sent(const Sent& other) : Sent(ByteView(other.raw)) {}
  Sent& operator=(const Sent&) = delete;

  std::optional<Block> block(OptionNumber number) const {
    const auto value = view.Find(number);
    return value ? coap::ParseBlock(*value) : std::nullopt;
  }
  std::string payload() const { return std::string(AsText(view.payload)); }
};

inline Bytes BlockValue(uint32_t number, bool more, uint8_t szx) {
  const uint32_t packed = Block{number, more, szx}.Pack();
  return {static_cast<uint8_t>(packed >> 16), static_cast<uint8_t>(packed >> 8),
          static_cast<uint8_t>(packed)};
}
inline OutgoingOption Block1(uint32_t number, bool more, uint8_t szx) {
  return {OptionNumber::kBlock1, BlockValue(number, more, szx)};
}
inline OutgoingOption Block2(uint32_t number, bool more, uint8_t szx) {
  return {OptionNumber::kBlock2, BlockValue(number, more, szx)};
}

inline Request Get(std::string_view path) {
  Request request;
  request.options.push_back(TextOption(OptionNumber::kUriPath, path));
  return request;
}
inline Request Put(std::string_view path, std::string_view body) {
  Request request = Get(path);
  request.method = coap::kPut;
  request.body.assign(body.begin(), body.end());
  return request;
}

/// `size` bytes that differ from place to place.
inline std::string Pattern(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + (i / 7 + i) % 26));
  return text;
}

class Lockstep : public testing::Test {
 protected:
  static Config PlainConfig() {
    Config config;
    config.secure = false;
    return config;
  }

  void Start(const Config& config = PlainConfig()) {
    session.emplace(config, *random);
    session->Connect(now);
    const auto event = session->PollEvent();
    ASSERT_TRUE(event && std::holds_alternative<Connected>(*event));
  }

  /// The one datagram that the client has sent since the last look.
  Sent Next() {
    const auto datagram = session->PollTransmit();
    if (!datagram) {
      ADD_FAILURE() << "the client sent nothing";
      return Sent(coap::EmptyMessage(Type::kNonConfirmable, 0));
    }
    return Sent(*datagram);
  }
  void ExpectSilence() {
    EXPECT_FALSE(session->PollTransmit().has_value()) << "the client sent something";
  }

  static Bytes Message(Type type, Code code, uint16_t mid, const coap::Token& token,
                       std::vector<OutgoingOption> options = {}, std::string_view payload = "") {
    std::ranges::stable_sort(options, {}, &OutgoingOption::number);
    coap::MessageWriter writer(type, code, mid, token);
    for (const auto& option : options) writer.Option(option.number, option.value);
    return std::move(writer).Finish(AsBytes(payload));
  }
  void Deliver(ByteView datagram) { session->Receive(now, datagram); }
  void Empty(Type type, uint16_t mid) { Deliver(coap::EmptyMessage(type, mid)); }
  /// An answer on the ACK of `request`.
  void Piggyback(const Sent& request, Code code, std::vector<OutgoingOption> options = {},
                 std::string_view payload = "") {
    Deliver(Message(Type::kAcknowledgement, code, request.view.message_id, request.view.token,
                    std::move(options), payload));
  }

  /// Time goes by; every deadline on the way is met.
  void Pass(Duration duration) {
    const TimePoint until = now + duration;
    for (auto next = session->NextDeadline(); next && *next <= until;
         next = session->NextDeadline()) {
      now = std::max(now, *next);
      session->Advance(now);
    }
    now = until;
  }

  template <class T>
  std::optional<T> Expect() {
    auto event = session->PollEvent();
    if (!event) {
      ADD_FAILURE() << "no event";
      return std::nullopt;
    }
    if (T* wanted = std::get_if<T>(&*event)) return std::move(*wanted);
    ADD_FAILURE() << "another event, of index " << event->index();
    return std::nullopt;
  }
  void ExpectResponse(RequestId id, Code code, std::string_view body) {
    const auto response = Expect<Response>();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->id, id);
    EXPECT_EQ(response->code.Text(), code.Text());
    EXPECT_EQ(AsText(response->body), body);
  }
  void ExpectFailed(RequestId id, Failure failure) {
    const auto failed = Expect<RequestFailed>();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->id, id);
    EXPECT_EQ(Text(failed->failure), Text(failure));
  }
  void ExpectNoEvent() { EXPECT_FALSE(session->PollEvent().has_value()); }

  std::unique_ptr<Random> random = MakeSeededRandom(1);
  std::optional<Session> session;
  TimePoint now{std::chrono::hours(1)};
};

}  // namespace lowband::client
