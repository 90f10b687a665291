#include "tests/sim/translator.h"

#include <algorithm>
#include <utility>

namespace lowband::testing {
namespace {

using translator::mapping::HttpResponse;
using translator::mapping::UpstreamFault;

std::string NameOf(size_t replica) { return "replica" + std::to_string(replica); }

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
      alive_(replicas, true),
      lanes_(timeline, room_, LaneHooks()) {
  lanes_.keep_cancelled_answers = canary == Canary::kKeepAnswers;
  if (canary == Canary::kMixAnswers) lanes_.digest = [](ByteView) { return std::string(16, 'd'); };
}

TranslatorLanes::Hooks Translators::LaneHooks() {
  TranslatorLanes::Hooks hooks;
  hooks.tell = [this](const edge::uplink::LaneEvent& event) { tell_(event); };
  hooks.connect = [this]() -> std::optional<std::string> {
    const size_t replica = random_.Below(alive_.size());
    if (!alive_[replica]) return std::nullopt;
    return NameOf(replica);
  };
  hooks.start = [this](LaneId lane, uint64_t exchange, v1::Request request) {
    Start(lane, exchange, std::move(request));
  };
  hooks.cancel = [this](LaneId lane, uint64_t exchange) { Cancel(lane, exchange); };
  hooks.end = [this](LaneId lane) { End(lane); };
  hooks.overload = [this] {
    return TranslatorLanes::Answer{mapping_.ToCoap({}, Failure(UpstreamFault::kOverload)).head, {}};
  };
  return hooks;
}

void Translators::Start(LaneId lane, uint64_t exchange, v1::Request whole) {
  ++requests;
  v1::Request& request = under_way_[lane][exchange].request;
  request = std::move(whole);
  if (canary_ == Canary::kIgnoreSince && request.observe().cursor().empty()) {
    auto* queries = request.mutable_queries();
    for (int i = queries->size() - 1; i >= 0; --i) {
      const std::string& query = queries->Get(i);
      if (query.starts_with("since=") || query.starts_with("pos=")) queries->DeleteSubrange(i, 1);
    }
  }
  auto mapped = mapping_.ToHttp(request);
  if (!mapped) {
    Respond(lane, exchange, mapped.error());
    return;
  }
  if (mapped->form.poll) lanes_.SayObservable(lane, exchange);
  timeline_.After(trouble.delay,
                  [this, open = lanes_.Watch(lane), lane, exchange, mapped = *mapped] {
                    if (open() && under_way_[lane].contains(exchange))
                      Upstream(lane, exchange, mapped);
                  });
}

void Translators::Upstream(LaneId lane, uint64_t exchange,
                           const translator::mapping::MappedRequest& mapped) {
  const auto finish = [this, open = lanes_.Watch(lane), lane, exchange,
                       form = mapped.form](const Homeserver::Answer& answer) {
    if (open() && under_way_[lane].contains(exchange)) {
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
    const auto still = under_way_[lane].find(exchange);
    if (still != under_way_[lane].end()) still->second.upstream = upstream;
  }
}

void Translators::Respond(LaneId lane, uint64_t exchange,
                          const translator::ingress::ExchangeAnswer& mapped) {
  const v1::Request request = std::move(under_way_[lane].at(exchange).request);
  under_way_[lane].erase(exchange);
  TranslatorLanes::Answer answer{mapped.head, mapped.body};
  if (answer.head.has_poll()) {
    v1::Poll& poll = *answer.head.mutable_poll();
    if (canary_ == Canary::kEndOnFault && poll.outcome() == v1::Poll::FAILED) {
      poll.set_outcome(v1::Poll::ENDED);
    }
    if (canary_ == Canary::kAdvanceEarly && poll.outcome() == v1::Poll::CHANGED) {
      PollOn(request, poll.cursor());
    }
    if (canary_ == Canary::kLoseNews && poll.outcome() == v1::Poll::CHANGED && Chance(0.1)) {
      answer.body = {0xa0};
    }
  }
  const uint64_t owner = std::hash<std::string>()(request.token());
  lanes_.Respond(lane, exchange, request, std::move(answer), owner);
}

// What an edge would ask that does not wait for the client's acknowledgement.
void Translators::PollOn(v1::Request request, const std::string& cursor) {
  request.mutable_observe()->set_cursor(cursor);
  const auto mapped = mapping_.ToHttp(request);
  if (mapped) homeserver_.Request(mapped->http, [](const Homeserver::Answer&) {});
}

void Translators::Cancel(LaneId lane, uint64_t exchange) {
  if (auto cancelled = under_way_[lane].extract(exchange)) {
    homeserver_.Cancel(cancelled.mapped().upstream);
  }
}

void Translators::End(LaneId lane) {
  for (const auto& [id, exchange] : under_way_[lane]) homeserver_.Cancel(exchange.upstream);
  under_way_.erase(lane);
}

void Translators::Kill(size_t replica) {
  alive_[replica] = false;
  lanes_.Kill(NameOf(replica));
}

}  // namespace lowband::testing
