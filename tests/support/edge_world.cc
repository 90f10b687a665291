#include "tests/support/edge_world.h"

#include <algorithm>
#include <utility>

#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/credentials.h"
#include "tests/support/real_translator.h"

namespace lowband::edge {
namespace {

admission::Limits WithMessageLimits(admission::Limits limits, const PipelineConfig& config) {
  limits.messages = config.message.ProcessLimits();
  return limits;
}

// RFC 6347 section 4.1: the epoch is 0, and the number begins with what no handshake gets to.
bool IsStaleAlert(ByteView datagram) {
  constexpr uint8_t kAlert = 21;
  constexpr uint8_t kFatal = 2;
  return datagram.size() == 15 && datagram[0] == kAlert && datagram[3] == 0 && datagram[4] == 0 &&
         (datagram[5] != 0 || datagram[6] != 0) && datagram[13] == kFatal;
}

}  // namespace

EdgeWorld::EdgeWorld(uint64_t seed, PipelineConfig config, const Size& size)
    : config_(std::move(config)),
      size_(size),
      seed_(seed),
      random_(MakeSeededRandom(seed)),
      link_(timeline_, *random_),
      files_(dtls::WriteIdentity(folder_, *random_)) {
  translate = [](const v1::Request&) { return Content("\xa0"); };
  for (unsigned i = 0; i < size_.workers; ++i) {
    lanes_.push_back(std::make_unique<Lanes>(timeline_, room_, LaneHooks(i)));
  }
  StartEdge();
}

void EdgeWorld::StartEdge() {
  ++process_;
  auto credentials = dtls::Credentials::Load(files_, MakeSeededRandom(seed_ + process_));
  if (!credentials) ADD_FAILURE() << credentials.error().text;
  credentials_ = std::move(*credentials);
  admission_.emplace(WithMessageLimits(size_.limits, config_));
  for (unsigned i = 0; i < size_.workers; ++i) {
    edges_.push_back(std::make_unique<Pipeline>(config_, *credentials_, *random_, i, size_.workers,
                                                *admission_));
  }
  for (const auto& edge : edges_) edge->Advance(now());
  Settle();
}

void EdgeWorld::RestartEdge() {
  edges_.clear();
  for (const auto& lanes : lanes_) lanes->ForgetEdge();
  StartEdge();
}

void EdgeWorld::Forge(const SocketAddress& from, ByteView datagram) {
  link_.Carry(datagram, [this, from](const Bytes& d) {
    edges_[WorkerFor(from, d)]->ReceiveDatagram(now(), from, d);
  });
}

EdgeWorld::~EdgeWorld() = default;

SocketAddress EdgeWorld::NewAddress(const std::string& host) {
  return *SocketAddress::FromLiteral(host, next_port_++);
}

size_t EdgeWorld::AddClient(client::Config config, const std::string& host) {
  Client added{NewAddress(host), std::make_unique<client::Session>(config, *random_)};
  by_address_[added.address] = clients_.size();
  clients_.push_back(std::move(added));
  clients_.back().session->Connect(now());
  Settle();
  return clients_.size() - 1;
}

client::RequestId EdgeWorld::Send(size_t client, client::Request request) {
  const auto id = clients_[client].session->Send(now(), std::move(request));
  Settle();
  return id;
}

void EdgeWorld::Ping(size_t client) {
  clients_[client].session->Ping(now());
  Settle();
}

void EdgeWorld::MoveClient(size_t client) {
  by_address_.erase(clients_[client].address);
  clients_[client].address = NewAddress(kHost);
  by_address_[clients_[client].address] = client;
}

unsigned EdgeWorld::WorkerFor(const SocketAddress& from, ByteView datagram) const {
  const auto workers = static_cast<unsigned>(edges_.size());
  if (const auto owner = dtls::OwnerOf(datagram, workers)) return *owner;
  return from.port() % workers;
}

void EdgeWorld::Settle() {
  bool moved = true;
  while (moved) {
    moved = DrainClients();
    for (unsigned i = 0; i < edges_.size(); ++i) moved = DrainEdge(i) || moved;
  }
}

bool EdgeWorld::DrainClients() {
  bool moved = false;
  for (size_t i = 0; i < clients_.size(); ++i) {
    while (const auto datagram = clients_[i].session->PollTransmit()) {
      moved = true;
      auto& may_send = clients_[i].may_send;
      if (may_send && (*may_send)-- == 0) {
        may_send = 0;
        continue;
      }
      const SocketAddress from = clients_[i].address;
      link_.Carry(*datagram, [this, from](const Bytes& d) {
        edges_[WorkerFor(from, d)]->ReceiveDatagram(now(), from, d);
      });
    }
    DrainClientEvents(i);
  }
  return moved;
}

void EdgeWorld::DrainClientEvents(size_t index) {
  while (auto event = clients_[index].session->PollEvent()) {
    if (auto* response = std::get_if<client::Response>(&*event)) {
      outcomes[{index, response->id}].responses.push_back(std::move(*response));
    } else if (const auto* failed = std::get_if<client::RequestFailed>(&*event)) {
      ++outcomes[{index, failed->id}].failures;
    } else if (const auto* gone = std::get_if<client::Disconnected>(&*event)) {
      disconnects.push_back(gone->detail);
    }
  }
}

bool EdgeWorld::DrainEdge(unsigned worker) {
  bool moved = false;
  Pipeline& edge = *edges_[worker];
  while (const auto transmit = edge.PollTransmit()) {
    moved = true;
    const SocketAddress to = transmit->peer;
    const auto deliver = [this, to](const Bytes& d) {
      const auto found = by_address_.find(to);
      if (found != by_address_.end()) Deliver(found->second, d);
    };
    const auto client = by_address_.find(to);
    if (lose && client != by_address_.end() && lose(client->second, transmit->datagram)) continue;
    link_.Carry(transmit->datagram, deliver);
  }
  while (auto action = edge.PollLaneAction()) {
    moved = true;
    lanes_[worker]->Obey(std::move(*action));
  }
  while (const auto relief = edge.PollRelief()) {
    moved = true;
    edges_[relief->worker]->Relieve(now(), *relief);
  }
  return moved;
}

void EdgeWorld::Deliver(size_t client, ByteView datagram) {
  clients_[client].session->Receive(now(), datagram);
  if (on_stale_alert && IsStaleAlert(datagram)) on_stale_alert(client);
}

EdgeWorld::Lanes::Hooks EdgeWorld::LaneHooks(unsigned worker) {
  Lanes::Hooks hooks;
  hooks.tell = [this, worker](const uplink::LaneEvent& event) {
    edges_[worker]->Handle(now(), event);
  };
  hooks.connect = [this]() -> std::optional<std::string> {
    if (!translator_alive_) return std::nullopt;
    return "";
  };
  hooks.start = [this, worker](uplink::LaneId lane, uint64_t exchange, v1::Request request) {
    StartExchange(worker, lane, exchange, std::move(request));
  };
  return hooks;
}

void EdgeWorld::StartExchange(unsigned worker, uplink::LaneId lane, uint64_t exchange,
                              v1::Request request) {
  requests.push_back(request);
  Lanes& lanes = *lanes_[worker];
  timeline_.After(delay_of ? delay_of(request) : translator_delay,
                  [this, &lanes, open = lanes.Watch(lane), lane, exchange, request] {
                    if (!open()) return;
                    v1::Answer answer = translate(request);
                    EXPECT_EQ(lowband::testing::SaysMoreThanReal(request, answer), "");
                    const std::string body = std::move(*answer.mutable_body());
                    answer.clear_body();
                    lanes.Respond(lane, exchange, request,
                                  {std::move(answer), Bytes(body.begin(), body.end())}, exchange);
                  });
}

void EdgeWorld::KillTranslator() {
  translator_alive_ = false;
  for (const auto& lanes : lanes_) lanes->Kill("");
  Settle();
}

void EdgeWorld::Run(Duration time, const std::function<bool()>& until) {
  const TimePoint end = now() + time;
  Settle();
  while (!(until && until())) {
    std::optional<TimePoint> next = timeline_.Next();
    for (const auto& edge : edges_) next = Earlier(next, edge->NextDeadline());
    for (const Client& client : clients_) next = Earlier(next, client.session->NextDeadline());
    if (!next || *next > end) break;
    timeline_.MoveTo(*next);
    while (timeline_.RunOne()) Settle();
    for (const auto& edge : edges_) edge->Advance(now());
    for (Client& client : clients_) client.session->Advance(now());
    Settle();
  }
  if (!(until && until())) timeline_.MoveTo(end);
}

const client::Response* EdgeWorld::Await(size_t client, client::RequestId request) {
  const Outcome& outcome = outcomes[{client, request}];
  Run(std::chrono::minutes(5), [&] { return !outcome.responses.empty() || outcome.failures != 0; });
  return outcome.responses.empty() ? nullptr : &outcome.responses.front();
}

client::Request Get(const std::vector<std::string>& path) {
  client::Request request;
  for (const std::string& segment : path) {
    const ByteView bytes = AsBytes(segment);
    request.options.push_back({coap::OptionNumber::kUriPath, Bytes(bytes.begin(), bytes.end())});
  }
  return request;
}

client::Request Post(const std::vector<std::string>& path, Bytes body) {
  client::Request request = Get(path);
  request.method = coap::kPost;
  request.options.push_back({coap::OptionNumber::kContentFormat, Bytes{coap::kFormatCbor}});
  request.body = std::move(body);
  return request;
}

v1::Answer Content(std::string body) {
  v1::Answer answer;
  answer.set_code(coap::kContent.value);
  answer.set_content_format(coap::kFormatCbor);
  answer.set_body(std::move(body));
  return answer;
}

}  // namespace lowband::edge
