#include "tests/sim/phone.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "libs/client/options.h"
#include "libs/transcode/transcode.h"
#include "tests/sim/homeserver.h"
#include "tests/support/message_text.h"

namespace lowband::testing {
namespace {

using client::TextOption;
using coap::OptionNumber;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kKeepAlive = seconds(60);

nlohmann::json Decode(const Bytes& body) {
  std::string json;
  if (!transcode::CborToJson(body, json)) return nlohmann::json::value_t::discarded;
  return nlohmann::json::parse(json, nullptr, false);
}

Bytes Encode(const nlohmann::json& json) {
  Bytes cbor;
  (void)transcode::JsonToCbor(json.dump(), cbor);
  return cbor;
}

}  // namespace

Phone::Phone(sim::Timeline& timeline, Random& random, std::string user, bool sliding,
             client::Config config, Hooks hooks)
    : timeline_(timeline),
      random_(random),
      user_(std::move(user)),
      sliding_(sliding),
      config_(std::move(config)),
      hooks_(std::move(hooks)) {}

void Phone::Trace(const std::string& text) const { hooks_.trace(user_ + ": " + text); }

void Phone::Later(Duration delay, std::function<void()> run) {
  timeline_.After(delay, [this, generation = generation_, run = std::move(run)] {
    if (generation != generation_) return;
    run();
    hooks_.stirred();
  });
}

void Phone::Start() { Connect(); }

void Phone::Connect() {
  AddTraffic();
  ++generation_;
  ++handshakes_;
  connected_ = observing_ = false;
  observation_.reset();
  pending_.clear();
  client::Config config = config_;
  config.resume = ticket_;
  if (hooks_.tracing) {
    config.trace = [this](const client::DatagramTrace& datagram) {
      if (datagram.message.empty()) return;
      Trace((datagram.sent ? "> " : "< ") + edge::testing::Describe(datagram.message));
    };
  }
  session_ = std::make_unique<client::Session>(config, random_);
  session_->Connect(timeline_.now());
  Trace(ticket_.empty() ? "connects" : "connects again");
}

void Phone::AddTraffic() {
  if (!session_) return;
  const client::Traffic& last = session_->traffic();
  traffic_.datagrams_sent += last.datagrams_sent;
  traffic_.datagrams_received += last.datagrams_received;
  traffic_.bytes_sent += last.bytes_sent;
  traffic_.bytes_received += last.bytes_received;
  traffic_.retransmissions += last.retransmissions;
}

void Phone::Crash() {
  Trace("crashes");
  Reconnect(milliseconds(100 + random_.Below(10'000)));
}

// What has no answer is as good as failed.
void Phone::Reconnect(Duration wait) {
  for (auto& [id, pending] : std::exchange(pending_, {})) outcomes_[pending.name] = false;
  AddTraffic();
  session_.reset();
  connected_ = observing_ = false;
  observation_.reset();
  ++generation_;
  Later(wait, [this] { Connect(); });
}

void Phone::Register() {
  if (!connected_ || observation_) return;
  ++registrations_;
  observation_ = session_->Observe(timeline_.now(), SyncRequest());
  Trace("registers since " + (since_.empty() ? "the beginning" : since_));
}

client::Request Phone::SyncRequest() const {
  client::Request request;
  const auto add = [&request](OptionNumber number, const std::string& value) {
    request.options.push_back(TextOption(number, value));
  };
  if (sliding_) {
    request.method = coap::kFetch;
    for (const char* segment : {"_matrix", "client", "v4", "sync"}) {
      add(OptionNumber::kUriPath, segment);
    }
    nlohmann::json to_device = {{"enabled", true}};
    if (!since_.empty()) to_device["since"] = since_;
    request.body = Encode({{"extensions", {{"to_device", to_device}}}});
    request.options.push_back(client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor));
  } else {
    add(OptionNumber::kUriPath, "7");
  }
  add(OptionNumber::kUriQuery, "timeout=30000");
  if (!since_.empty()) add(OptionNumber::kUriQuery, (sliding_ ? "pos=" : "since=") + since_);
  add(OptionNumber::kMatrixAccessToken, user_);
  return request;
}

void Phone::RegisterLater() {
  observation_.reset();
  observing_ = false;
  Later(milliseconds(1000 + random_.Below(4000)), [this] { Register(); });
}

void Phone::Ping() {
  Later(kKeepAlive, [this] { session_->Ping(timeline_.now()); });
}

void Phone::SendSomething() {
  if (!connected_) return;
  const std::string name = user_ + "/" + std::to_string(++next_name_);
  client::Request request;
  bool repeatable = true;
  const auto path = [&](std::initializer_list<std::string_view> segments) {
    for (const std::string_view segment : segments) {
      request.options.push_back(TextOption(OptionNumber::kUriPath, segment));
    }
  };
  switch (random_.Below(3)) {
    case 0:
      request.method = coap::kPut;
      path({"9", "!r:h", "m.room.message", std::to_string(next_name_)});
      request.body = Encode({{"name", name}, {"to", user_}});
      break;
    case 1:
      request.method = coap::kPost;
      path({"_matrix", "client", "r0", "createRoom"});
      request.body = Encode({{"name", name}, {"padding", std::string(random_.Below(3000), 'u')}});
      repeatable = false;
      break;
    default: path({"_matrix", "client", "r0", "capabilities"});
  }
  if (!request.body.empty()) {
    request.options.push_back(client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor));
  }
  request.options.push_back(TextOption(OptionNumber::kMatrixAccessToken, user_));
  outcomes_[name] = false;
  const client::RequestId id = session_->Send(timeline_.now(), request);
  pending_[id] = {name, std::move(request), repeatable};
}

void Phone::Receive(ByteView datagram) {
  if (session_) session_->Receive(timeline_.now(), datagram);
}

void Phone::Advance() {
  if (session_) session_->Advance(timeline_.now());
}

std::optional<TimePoint> Phone::NextDeadline() {
  return session_ ? session_->NextDeadline() : std::nullopt;
}

void Phone::Settle(const std::function<void(ByteView)>& transmit) {
  while (session_) {
    bool moved = false;
    while (const auto datagram = session_->PollTransmit()) {
      moved = true;
      transmit(*datagram);
    }
    while (session_) {
      const auto event = session_->PollEvent();
      if (!event) break;
      moved = true;
      OnEvent(*event);
    }
    if (!moved) return;
  }
}

void Phone::OnEvent(const client::Event& event) {
  if (std::holds_alternative<client::Connected>(event)) {
    connected_ = true;
    Trace("is connected");
    Register();
    Ping();
  } else if (const auto* response = std::get_if<client::Response>(&event)) {
    OnResponse(*response);
  } else if (const auto* failed = std::get_if<client::RequestFailed>(&event)) {
    OnFailed(*failed);
  } else if (const auto* notification = std::get_if<client::Notification>(&event)) {
    if (notification->code.cls() == 2) {
      OnBody(notification->body);
    } else {
      Trace("is told of failed polls: " + notification->code.Text());
      hooks_.told(user_, notification->code.Text());
    }
  } else if (std::holds_alternative<client::ObservationEnded>(event)) {
    Trace("its observation ended");
    RegisterLater();
  } else if (const auto* pong = std::get_if<client::Pong>(&event)) {
    if (pong->answered) {
      ticket_ = session_->SaveTicket();
      Ping();
    } else {
      Trace("hears nothing any more");
      Reconnect(milliseconds(random_.Below(5000)));
    }
  } else {
    Trace("is disconnected: " + std::get<client::Disconnected>(event).detail);
    Reconnect(milliseconds(random_.Below(5000)));
  }
}

void Phone::OnResponse(const client::Response& response) {
  if (response.id == observation_) {
    observing_ = false;
    for (const auto& option : response.options) {
      if (option.number == OptionNumber::kObserve) observing_ = true;
    }
    if (response.code.cls() == 2) OnBody(response.body);
    if (!observing_) RegisterLater();
    return;
  }
  const auto it = pending_.find(response.id);
  if (it == pending_.end()) {
    hooks_.violation(user_ + ": N1: a second answer to one request");
    return;
  }
  outcomes_[it->second.name] = response.code.cls() == 2;
  if (response.code.cls() == 2) ++answered_;
  if (response.code.cls() == 2 && it->second.request.method == coap::kGet) {
    const nlohmann::json document = Decode(response.body);
    const bool whole = document.is_object() && document.contains("version") &&
                       document["padding"] == PaddingOf(document["version"].get<uint64_t>());
    if (!whole) hooks_.violation(user_ + ": a body that no homeserver gave");
  }
  pending_.erase(it);
}

void Phone::OnFailed(const client::RequestFailed& failed) {
  if (failed.id == observation_) {
    RegisterLater();
    return;
  }
  const auto it = pending_.find(failed.id);
  if (it == pending_.end()) return;
  Pending pending = std::move(it->second);
  pending_.erase(it);
  if (!pending.repeatable || !repeat_ || !connected_) return;
  // The same transaction once more, as clients do.
  const client::RequestId id = session_->Send(timeline_.now(), pending.request);
  pending_[id] = std::move(pending);
}

void Phone::OnBody(const Bytes& body) {
  if (body.empty()) return;  // registered, nothing yet
  const nlohmann::json batch = Decode(body);
  const auto events = [](const nlohmann::json& parent) -> nlohmann::json {
    return parent.is_object() ? parent.value("events", nlohmann::json::array())
                              : nlohmann::json::array();
  };
  // The same message, sent again long after: the client that forgot its ID knows its position.
  const char* position = sliding_ ? "pos" : "next_batch";
  if (!since_.empty() && batch.value(position, "") == since_) return;
  std::set<uint64_t> numbers;
  bool twice = false;
  const auto collect = [&](const nlohmann::json& items) {
    for (const auto& item : items) {
      twice = !numbers.insert(item["content"]["n"].get<uint64_t>()).second || twice;
    }
  };
  const auto part = [&batch](const char* pointer) {
    return batch.value(nlohmann::json::json_pointer(pointer), nlohmann::json());
  };
  const nlohmann::json rooms = part(sliding_ ? "/rooms" : "/rooms/join");
  for (const auto& [id, room] : rooms.items()) {
    const nlohmann::json timeline = room.value("timeline", nlohmann::json::object());
    collect(sliding_ ? timeline : events(timeline));
  }
  collect(events(part(sliding_ ? "/extensions/to_device" : "/to_device")));
  if (twice) hooks_.violation(user_ + ": an event stands twice in one batch");
  for (const uint64_t number : numbers) OnItem(number);
  if (!batch.contains(position)) return;
  since_ = batch[position].get<std::string>();
  batches_.insert(std::stoull(since_.substr(1)));
  Trace("has " + since_ + ", " + std::to_string(numbers.size()) + " events");
}

void Phone::OnItem(uint64_t number) {
  if (number == events_ + 1) {
    ++events_;
  } else if (number <= events_) {
    hooks_.violation(user_ + ": event " + std::to_string(number) + " came again");
  } else {
    hooks_.violation(user_ + ": event " + std::to_string(number) + " came when " +
                     std::to_string(events_ + 1) + " was next: lost or out of order");
    events_ = number;
  }
}

}  // namespace lowband::testing
