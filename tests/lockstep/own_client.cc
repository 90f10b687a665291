#include "tests/lockstep/own_client.h"

#include <algorithm>
#include <utility>

#include "libs/client/options.h"

namespace lowband::edge::testing {
namespace {

constexpr SessionId kSession{1};

client::Config Plain(client::Config config) {
  config.secure = false;
  return config;
}

}  // namespace

client::Request ClientRequest(coap::Code method, std::string_view path, Bytes body) {
  client::Request request;
  request.method = method;
  request.options.push_back(client::TextOption(coap::OptionNumber::kUriPath, path));
  request.body = std::move(body);
  return request;
}

OwnClient::OwnClient(client::Config config, Link link, Homeserver homeserver)
    : link_(std::move(link)),
      homeserver_(std::move(homeserver)),
      session_(Plain(std::move(config)), *random_) {
  rig_.Open(kSession);
  session_.Connect(now());
  session_.PollEvent();
}

client::RequestId OwnClient::Send(client::Request request) {
  const client::RequestId id = session_.Send(now(), std::move(request));
  Turn();
  return id;
}

void OwnClient::Carry(bool to_edge, Bytes datagram) {
  sent_ += to_edge ? 1 : 0;
  bytes_ += datagram.size();
  if (link_.loses && link_.loses(to_edge, datagram)) return;
  on_the_way_.emplace(now() + link_.round_trip / 2, Packet{to_edge, std::move(datagram)});
}

void OwnClient::Turn() {
  session_.Advance(now());
  while (!on_the_way_.empty() && on_the_way_.begin()->first <= now()) {
    const Packet packet = std::move(on_the_way_.begin()->second);
    on_the_way_.erase(on_the_way_.begin());
    if (packet.to_edge) {
      rig_.Receive(kSession, packet.datagram);
    } else {
      session_.Receive(now(), packet.datagram);
    }
  }
  while (const auto command = rig_.TakeCommand()) {
    const auto* start = std::get_if<request::StartExchange>(&*command);
    if (start == nullptr) continue;
    executed_.push_back(start->request);
    request::Answer answer = homeserver_(start->request);
    answer.id = start->id;
    answers_.emplace(now() + thinking_, std::move(answer));
  }
  while (!answers_.empty() && answers_.begin()->first <= now()) {
    rig_.Answer(std::move(answers_.begin()->second));
    answers_.erase(answers_.begin());
  }
  while (auto sent = rig_.TakeSent()) Carry(false, std::move(sent->datagram));
  while (const auto sent = session_.PollTransmit()) Carry(true, Bytes(sent->begin(), sent->end()));
}

bool OwnClient::Step(TimePoint end) {
  std::optional<TimePoint> next = Earlier(rig_.NextDeadline(), session_.NextDeadline());
  if (!on_the_way_.empty()) next = Earlier(next, on_the_way_.begin()->first);
  if (!answers_.empty()) next = Earlier(next, answers_.begin()->first);
  if (!next || *next > end) return false;
  rig_.AdvanceTowards(std::max(now(), *next));
  Turn();
  return true;
}

std::optional<client::Event> OwnClient::Await(Duration limit) {
  const TimePoint end = now() + limit;
  for (;;) {
    if (auto event = session_.PollEvent()) return event;
    if (!Step(end)) return std::nullopt;
  }
}

std::optional<client::Response> OwnClient::Exchange(client::Request request, Duration limit) {
  const client::RequestId id = Send(std::move(request));
  while (auto event = Await(limit)) {
    if (auto* response = std::get_if<client::Response>(&*event); response && response->id == id) {
      return std::move(*response);
    }
    if (const auto* failed = std::get_if<client::RequestFailed>(&*event); failed) {
      if (failed->id == id) return std::nullopt;
    }
  }
  return std::nullopt;
}

void OwnClient::Settle() {
  while (Step(TimePoint::max())) {
  }
}

}  // namespace lowband::edge::testing
