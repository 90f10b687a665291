#include "tests/unit/edge/edge_world.h"

#include <algorithm>
#include <utility>

#include "services/edge/dtls/credentials.h"
#include "tests/contract/real_translator.h"

namespace lowband::edge {
namespace {}  // namespace

EdgeWorld::EdgeWorld(uint64_t seed, PipelineConfig config)
    : random_(MakeSeededRandom(seed)), link_(timeline_, *random_) {
  const auto files = dtls::WriteIdentity(folder_, *random_);
  auto credentials = dtls::Credentials::Load(files, MakeSeededRandom(seed + 1));
  if (!credentials) ADD_FAILURE() << credentials.error().text;
  credentials_ = std::move(*credentials);
  edge_ = std::make_unique<Pipeline>(config, *credentials_, *random_, 0, 1, admission_);
  translate = [](const v1::Request&) { return Content("\xa0"); };
  edge_->Advance(now());
  Settle();
}

EdgeWorld::~EdgeWorld() = default;

SocketAddress EdgeWorld::NewAddress() {
  return *SocketAddress::FromLiteral("192.0.2.7", next_port_++);
}

size_t EdgeWorld::AddClient(client::Config config) {
  Client added{NewAddress(), std::make_unique<client::Session>(config, *random_)};
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

void EdgeWorld::MoveClient(size_t client) { clients_[client].address = NewAddress(); }

void EdgeWorld::Settle() {
  bool moved = true;
  while (moved) {
    moved = DrainClients();
    moved = DrainEdge() || moved;
  }
}

bool EdgeWorld::DrainClients() {
  bool moved = false;
  for (size_t i = 0; i < clients_.size(); ++i) {
    while (const auto datagram = clients_[i].session->PollTransmit()) {
      moved = true;
      const SocketAddress from = clients_[i].address;
      link_.Carry(*datagram,
                  [this, from](const Bytes& d) { edge_->ReceiveDatagram(now(), from, d); });
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

bool EdgeWorld::DrainEdge() {
  bool moved = false;
  while (const auto transmit = edge_->PollTransmit()) {
    moved = true;
    const SocketAddress to = transmit->peer;
    const auto deliver = [this, to](const Bytes& d) {
      for (Client& client : clients_) {
        if (client.address == to) client.session->Receive(now(), d);
      }
    };
    link_.Carry(transmit->datagram, deliver);
  }
  while (auto action = edge_->PollLaneAction()) {
    moved = true;
    Obey(std::move(*action));
  }
  return moved;
}

// gRPC is reliable and in order; only its end may come at any time.
void EdgeWorld::Obey(uplink::Action action) {
  if (const auto* open = std::get_if<uplink::OpenLane>(&action)) {
    timeline_.After(std::chrono::milliseconds(1), [this, lane = open->lane] {
      if (!translator_alive_) return edge_->OnLaneDead(now(), lane);
      lanes_.try_emplace(lane, whole_answers_);
      edge_->OnLaneOpened(now(), lane);
    });
  } else if (auto* write = std::get_if<uplink::WriteBatch>(&action)) {
    timeline_.After(std::chrono::milliseconds(1),
                    [this, lane = write->lane, batch = std::move(write->batch)] {
                      if (!lanes_.contains(lane)) return;
                      for (const v1::EdgeFrame& frame : batch.frames()) TakeFrame(lane, frame);
                      edge_->OnLaneWritten(now(), lane);
                    });
  } else if (const auto* finish = std::get_if<uplink::FinishLane>(&action)) {
    timeline_.After(std::chrono::milliseconds(1), [this, lane = finish->lane] {
      if (lanes_.erase(lane) != 0) edge_->OnLaneDead(now(), lane);
    });
  } else if (const auto* abort = std::get_if<uplink::AbortLane>(&action)) {
    lanes_.erase(abort->lane);
  }
}

void EdgeWorld::TakeFrame(uplink::LaneId lane, const v1::EdgeFrame& frame) {
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
  timeline_.After(translator_delay, [this, lane, exchange = frame.exchange(), request] {
    if (lanes_.contains(lane)) Reply(lane, exchange, request);
  });
}

void EdgeWorld::Reply(uplink::LaneId lane, uint64_t exchange, const v1::Request& request) {
  v1::Answer answer = translate(request);
  EXPECT_EQ(testing::SaysMoreThanReal(request, answer), "");
  const std::string body = std::move(*answer.mutable_body());
  answer.clear_body();
  translator::ingress::ExchangeAnswer whole{std::move(answer), Bytes(body.begin(), body.end())};
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

void EdgeWorld::Write(uplink::LaneId lane) {
  translator::ingress::AnswerQueue& answers = lanes_.at(lane).answers;
  while (!answers.empty()) {
    v1::TranslatorBatch batch;
    answers.Fill(batch);
    edge_->OnLaneBatch(now(), lane, std::move(batch));
  }
}

void EdgeWorld::KillTranslator() {
  translator_alive_ = false;
  std::vector<uplink::LaneId> dead;
  for (const auto& [id, lane] : lanes_) dead.push_back(id);
  lanes_.clear();
  for (const uplink::LaneId lane : dead) edge_->OnLaneDead(now(), lane);
  Settle();
}

void EdgeWorld::Run(Duration time, const std::function<bool()>& until) {
  const TimePoint end = now() + time;
  Settle();
  while (!(until && until())) {
    std::optional<TimePoint> next = Earlier(edge_->NextDeadline(), timeline_.Next());
    for (const Client& client : clients_) next = Earlier(next, client.session->NextDeadline());
    if (!next || *next > end) break;
    timeline_.MoveTo(*next);
    while (timeline_.RunOne()) Settle();
    edge_->Advance(now());
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
