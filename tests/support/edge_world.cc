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
  lanes_.clear();
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
    Obey(worker, std::move(*action));
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

// gRPC is reliable and in order; only its end may come at any time.
void EdgeWorld::Obey(unsigned worker, uplink::Action action) {
  const auto later = [this](std::function<void()> run) {
    timeline_.After(std::chrono::milliseconds(1), [this, process = process_, run = std::move(run)] {
      if (process == process_) run();
    });
  };
  Pipeline& edge = *edges_[worker];
  if (const auto* open = std::get_if<uplink::OpenLane>(&action)) {
    later([this, &edge, key = LaneKey{worker, open->lane}] {
      if (!translator_alive_) return edge.Handle(now(), uplink::LaneDead{key.lane});
      lanes_.try_emplace(key, whole_answers_);
      edge.Handle(now(), uplink::LaneOpened{key.lane, ""});
    });
  } else if (auto* write = std::get_if<uplink::WriteBatch>(&action)) {
    later([this, &edge, key = LaneKey{worker, write->lane}, batch = std::move(write->batch)] {
      if (!lanes_.contains(key)) return;
      for (const v1::EdgeFrame& frame : batch.frames()) TakeFrame(key, frame);
      edge.Handle(now(), uplink::LaneWritten{key.lane});
    });
  } else if (const auto* finish = std::get_if<uplink::FinishLane>(&action)) {
    later([this, &edge, key = LaneKey{worker, finish->lane}] {
      if (lanes_.erase(key) != 0) edge.Handle(now(), uplink::LaneDead{key.lane});
    });
  } else if (const auto* abort = std::get_if<uplink::AbortLane>(&action)) {
    lanes_.erase({worker, abort->lane});
  }
}

void EdgeWorld::TakeFrame(LaneKey lane, const v1::EdgeFrame& frame) {
  translator::ingress::AnswerQueue& answers = lanes_.at(lane).answers;
  auto& partial = lanes_.at(lane).partial;
  bool more = false;
  switch (frame.kind_case()) {
    case v1::EdgeFrame::kRequest:
      partial[frame.exchange()] = frame.request();
      more = frame.request().more();
      break;
    case v1::EdgeFrame::kBody:
      partial[frame.exchange()].mutable_body()->append(frame.body().data());
      more = frame.body().more();
      break;
    case v1::EdgeFrame::kCancel:
      partial.erase(frame.exchange());
      answers.Remove(frame.exchange());
      return;
    case v1::EdgeFrame::kCredit:
      answers.GiveCredit(frame.exchange(), frame.credit().until());
      Write(lane);
      return;
    case v1::EdgeFrame::KIND_NOT_SET: ADD_FAILURE() << "empty frame"; return;
  }
  if (more) return;
  const v1::Request request = std::move(partial[frame.exchange()]);
  partial.erase(frame.exchange());
  requests.push_back(request);
  timeline_.After(delay_of ? delay_of(request) : translator_delay,
                  [this, lane, exchange = frame.exchange(), request, process = process_] {
                    if (process == process_ && lanes_.contains(lane))
                      Reply(lane, exchange, request);
                  });
}

void EdgeWorld::Reply(LaneKey lane, uint64_t exchange, const v1::Request& request) {
  v1::Answer answer = translate(request);
  EXPECT_EQ(testing::SaysMoreThanReal(request, answer), "");
  const std::string body = std::move(*answer.mutable_body());
  answer.clear_body();
  translator::ExchangeAnswer whole{std::move(answer), Bytes(body.begin(), body.end())};
  translator::ingress::AnswerQueue& answers = lanes_.at(lane).answers;
  const translator::ingress::AnswerTerms terms{request.answer_window(), request.answer_from()};
  if (translator::ingress::GoesByWindow(whole, terms)) {
    auto admission = held_.Admit(exchange, whole.body.size(), {}, exchange);
    std::string digest = translator::ingress::DigestOf(whole.body);
    answers.PushWindowed(exchange, std::move(whole), terms, std::move(digest),
                         std::move(*admission.place));
  } else if (!answers.Push(exchange, whole)) {
    ADD_FAILURE() << "no room for an answer";
  }
  Write(lane);
}

void EdgeWorld::Write(LaneKey lane) {
  translator::ingress::AnswerQueue& answers = lanes_.at(lane).answers;
  while (!answers.empty()) {
    v1::TranslatorBatch batch;
    answers.Fill(batch);
    edges_[lane.worker]->Handle(now(), uplink::LaneBatch{lane.lane, std::move(batch)});
  }
}

void EdgeWorld::KillTranslator() {
  translator_alive_ = false;
  std::vector<LaneKey> dead;
  for (const auto& [key, lane] : lanes_) dead.push_back(key);
  lanes_.clear();
  for (const LaneKey key : dead) edges_[key.worker]->Handle(now(), uplink::LaneDead{key.lane});
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
