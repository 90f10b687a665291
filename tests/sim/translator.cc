#include "tests/sim/translator.h"

#include <algorithm>
#include <utility>

namespace lowband::testing {
namespace {

using translator::mapping::HttpResponse;
using translator::mapping::UpstreamFault;

constexpr Duration kHop = std::chrono::milliseconds(1);

HttpResponse Page() {
  HttpResponse response;
  response.status = 502;
  response.body = "<html>bad gateway</html>";
  response.content_type = "text/html";
  return response;
}

HttpResponse Busy() {
  HttpResponse response;
  response.status = 429;
  response.body = R"({"errcode":"M_LIMIT_EXCEEDED","error":"slow down","retry_after_ms":3000})";
  response.content_type = "application/json";
  return response;
}

}  // namespace

Translators::Translators(sim::Timeline& timeline, Random& random, Homeserver& homeserver,
                         Canary canary, size_t replicas)
    : timeline_(timeline),
      random_(random),
      homeserver_(homeserver),
      canary_(canary),
      mapping_(translator::mapping::MappingConfig()),
      alive_(replicas, true) {}

// gRPC is reliable and in order; only its end may come at any time.
void Translators::Obey(edge::uplink::Action action) {
  const uint64_t generation = generation_;
  const auto later = [&](std::function<void()> run) {
    timeline_.After(kHop, [this, generation, run = std::move(run)] {
      if (generation == generation_) run();
    });
  };
  using namespace edge::uplink;
  if (const auto* open = std::get_if<OpenLane>(&action)) {
    later([this, lane = open->lane] { Open(lane); });
  } else if (auto* write = std::get_if<WriteBatch>(&action)) {
    later([this, lane = write->lane, batch = std::move(write->batch)] {
      if (!lanes_.contains(lane)) return;
      for (const v1::EdgeFrame& frame : batch.frames()) Take(lane, frame);
      if (lanes_.contains(lane)) tell_(edge::uplink::LaneWritten{lane});
    });
  } else if (const auto* finish = std::get_if<FinishLane>(&action)) {
    later([this, lane = finish->lane] {
      if (!lanes_.contains(lane)) return;
      Drop(lane);
      tell_(edge::uplink::LaneDead{lane});
    });
  } else if (const auto* abort = std::get_if<AbortLane>(&action)) {
    Drop(abort->lane);
  }
}

void Translators::Open(LaneId lane) {
  const size_t replica = random_.Below(alive_.size());
  if (!alive_[replica]) {
    tell_(edge::uplink::LaneDead{lane});
    return;
  }
  lanes_[lane] = std::make_shared<Lane>(replica, whole_);
  tell_(edge::uplink::LaneOpened{lane, "replica" + std::to_string(replica)});
}

void Translators::Take(LaneId lane, const v1::EdgeFrame& frame) {
  auto& exchanges = lanes_.at(lane)->exchanges;
  bool more = false;
  switch (frame.kind_case()) {
    case v1::EdgeFrame::kRequest:
      exchanges[frame.exchange()].request = frame.request();
      more = frame.request().more();
      break;
    case v1::EdgeFrame::kBody:
      exchanges[frame.exchange()].request.mutable_body()->append(frame.body().data());
      more = frame.body().more();
      break;
    case v1::EdgeFrame::kCancel: {
      if (canary_ != Canary::kKeepAnswers) lanes_.at(lane)->answers.Remove(frame.exchange());
      const auto it = exchanges.find(frame.exchange());
      if (it == exchanges.end()) return;
      homeserver_.Cancel(it->second.upstream);
      exchanges.erase(it);
      return;
    }
    case v1::EdgeFrame::kCredit:
      lanes_.at(lane)->answers.GiveCredit(frame.exchange(), frame.credit().until());
      Write();
      return;
    case v1::EdgeFrame::KIND_NOT_SET: return;
  }
  if (!more) Start(lane, frame.exchange());
}

void Translators::Start(LaneId lane, uint64_t exchange) {
  ++requests;
  v1::Request& request = lanes_.at(lane)->exchanges.at(exchange).request;
  if (canary_ == Canary::kIgnoreSince && request.observe().cursor().empty()) {
    auto* queries = request.mutable_queries();
    for (int i = queries->size() - 1; i >= 0; --i) {
      if (queries->Get(i).starts_with("since=")) queries->DeleteSubrange(i, 1);
    }
  }
  auto mapped = mapping_.ToHttp(request);
  if (!mapped) {
    Respond(lane, exchange, mapped.error());
    return;
  }
  if (mapped->form.poll) SendObservable(lane, exchange);
  const uint64_t generation = generation_;
  timeline_.After(trouble.delay, [this, generation, lane, exchange, mapped = *mapped] {
    const auto it = lanes_.find(lane);
    if (generation != generation_ || it == lanes_.end()) return;
    if (it->second->exchanges.contains(exchange)) Upstream(lane, exchange, mapped);
  });
}

void Translators::Upstream(LaneId lane, uint64_t exchange,
                           const translator::mapping::MappedRequest& mapped) {
  const auto finish = [this, generation = generation_, lane, exchange,
                       form = mapped.form](const Homeserver::Answer& answer) {
    const auto it = lanes_.find(lane);
    if (generation != generation_ || it == lanes_.end()) return;
    if (it->second->exchanges.contains(exchange)) {
      Respond(lane, exchange, mapping_.ToCoap(form, answer));
    }
  };
  if (Chance(trouble.refused)) {
    finish(Failure(UpstreamFault::kConnect));
  } else if (Chance(trouble.page)) {
    finish(Page());
  } else if (Chance(trouble.busy)) {
    finish(Busy());
  } else if (Chance(trouble.broken)) {
    homeserver_.Request(mapped.http, [](const Homeserver::Answer&) {});
    finish(Failure(UpstreamFault::kBroken));
  } else {
    const bool post = mapped.http.method == translator::mapping::HttpMethod::kPost;
    if (canary_ == Canary::kRepeatPost && post && Chance(0.2)) {
      homeserver_.Request(mapped.http, [](const Homeserver::Answer&) {});
    }
    const uint64_t upstream = homeserver_.Request(mapped.http, finish);
    const auto it = lanes_.find(lane);
    if (it == lanes_.end()) return;
    const auto still = it->second->exchanges.find(exchange);
    if (still != it->second->exchanges.end()) still->second.upstream = upstream;
  }
}

void Translators::SendObservable(LaneId lane, uint64_t exchange) {
  v1::TranslatorBatch batch;
  auto* frame = batch.add_frames();
  frame->set_exchange(exchange);
  (void)frame->mutable_observable();
  tell_(edge::uplink::LaneBatch{lane, std::move(batch)});
}

void Translators::Respond(LaneId id, uint64_t exchange, const translator::ExchangeAnswer& mapped) {
  const std::shared_ptr<Lane> lane = lanes_.at(id);
  const v1::Request request = std::move(lane->exchanges.at(exchange).request);
  lane->exchanges.erase(exchange);
  translator::ExchangeAnswer answer{mapped.head, mapped.body};
  if (answer.head.has_poll()) {
    v1::Poll& poll = *answer.head.mutable_poll();
    if (canary_ == Canary::kEndOnFault && poll.outcome() == v1::Poll::FAILED) {
      poll.set_outcome(v1::Poll::ENDED);
    }
    if (canary_ == Canary::kLoseNews && poll.outcome() == v1::Poll::CHANGED && Chance(0.1)) {
      answer.body = {0xa0};
    }
  }
  if (!RespondByWindow(lane, exchange, answer, request)) {
    if (!lane->answers.Push(exchange, answer)) std::abort();
  }
  Write();
}

bool Translators::RespondByWindow(const std::shared_ptr<Lane>& lane, uint64_t exchange,
                                  translator::ExchangeAnswer& answer, const v1::Request& request) {
  const translator::ingress::AnswerTerms terms{request.answer_window(), request.answer_from()};
  const size_t size = answer.body.size();
  if (!translator::ingress::GoesByWindow(answer, terms) || !held_.Fits(size)) return false;
  const uint64_t owner = std::hash<std::string>()(request.token());
  auto admission = held_.Admit(owner, size, lane, exchange);
  dropped += admission.dropped.size();
  for (const auto& other : admission.dropped) {
    if (const auto holder = other.holder.lock()) holder->DropAnswer(other.exchange);
  }
  if (!admission.place) {
    answer = {mapping_.ToCoap({}, Failure(UpstreamFault::kOverload)).head, {}};
    return false;
  }
  std::string digest = translator::ingress::DigestOf(answer.body);
  if (canary_ == Canary::kMixAnswers) digest.assign(digest.size(), 'd');
  lane->answers.PushWindowed(exchange, std::move(answer), terms, std::move(digest),
                             std::move(*admission.place));
  return true;
}

void Translators::Write() {
  std::vector<std::pair<LaneId, std::shared_ptr<Lane>>> lanes(lanes_.begin(), lanes_.end());
  for (const auto& [id, lane] : lanes) {
    while (!lane->answers.empty()) {
      v1::TranslatorBatch batch;
      lane->answers.Fill(batch);
      tell_(edge::uplink::LaneBatch{id, std::move(batch)});
    }
  }
}

void Translators::Kill(size_t replica) {
  alive_[replica] = false;
  std::vector<LaneId> dead;
  for (const auto& [id, lane] : lanes_) {
    if (lane->replica == replica) dead.push_back(id);
  }
  for (const LaneId id : dead) {
    Drop(id);
    tell_(edge::uplink::LaneDead{id});
  }
}

void Translators::Drop(LaneId lane) {
  const auto it = lanes_.find(lane);
  if (it == lanes_.end()) return;
  for (const auto& [id, exchange] : it->second->exchanges) homeserver_.Cancel(exchange.upstream);
  lanes_.erase(it);
}

void Translators::ForgetEdge() {
  ++generation_;
  while (!lanes_.empty()) Drop(lanes_.begin()->first);
}

}  // namespace lowband::testing
