#include "services/translator/exchange_handler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "services/translator/mapping/content.h"
#include "services/translator/mapping/version.h"

namespace lowband::translator {
namespace {

// A request that is not processed further still gets its error in its requested form.
mapping::AnswerForm FormOf(const v1::Request& request) {
  const auto option = [](bool present, uint32_t value) {
    return present ? std::optional(value) : std::nullopt;
  };
  mapping::AnswerForm form;
  form.keys = request.key_table() == 0 ? transcode::KeyTable::kStrings : transcode::KeyTable::kV1;
  form.cbor = mapping::WantedForm(option(request.has_content_format(), request.content_format()),
                                  option(request.has_accept(), request.accept()),
                                  request.more() || !request.body().empty())
                  .value_or(mapping::BodyForm{})
                  .cbor;
  return form;
}

}  // namespace

void ExchangeHandler::Start(ingress::ExchangeKey key, v1::Request request,
                            ingress::Respond respond) {
  const mapping::Mapping& mapping = MappingFor(request);
  auto mapped = mapping.ToHttp(request);
  if (!mapped) {
    counters_.answers[0].fetch_add(1, std::memory_order_relaxed);
    respond(std::move(mapped.error()));
    return;
  }
  {
    const MutexLock lock(mutex_);
    under_way_[key] = {};
  }
  if (mapped->form.poll) respond.Observable();
  Exchange exchange{.key = key,
                    .mapping = mapping,
                    .form = std::move(mapped->form),
                    .request_bytes = request.body().size(),
                    .respond = respond,
                    .record = {.id = mapped->http.request_id, .route = {}, .fault = std::nullopt},
                    .started = std::chrono::steady_clock::now()};
  exchange.record.route = exchange.form.route;
  if (!mapped->only_versions.empty()) {
    mapped->form = exchange.form;
    StartUnderCondition(std::move(*mapped), std::move(exchange));
    return;
  }
  auto done = [this, exchange = std::move(exchange)](
                  const Result<mapping::HttpResponse, mapping::UpstreamFault>& response) {
    Answered(exchange, response);
  };
  Submitted(key, upstream_.Submit(std::move(mapped->http), std::move(done)));
}

void ExchangeHandler::StartUnderCondition(mapping::MappedRequest mapped, Exchange exchange) {
  mapping::HttpRequest check = mapping::VersionCheck(mapped.http);
  const ingress::ExchangeKey key = exchange.key;
  auto checked = [this, mapped = std::move(mapped), exchange = std::move(exchange)](
                     const Result<mapping::HttpResponse, mapping::UpstreamFault>& found) {
    auto under = exchange.mapping.UnderCondition(mapped, found);
    if (!under) {
      if (Finish(exchange.key)) Conclude(exchange, std::move(under.error()), found);
      return;
    }
    if (!GoesOn(exchange.key)) return;
    under->timeout = std::max<Duration>(
        under->timeout - (std::chrono::steady_clock::now() - exchange.started), Duration(1));
    auto done = [this,
                 exchange](const Result<mapping::HttpResponse, mapping::UpstreamFault>& response) {
      Answered(exchange, response);
    };
    Submitted(exchange.key, upstream_.Submit(std::move(*under), std::move(done)));
  };
  Submitted(key, upstream_.Submit(std::move(check), std::move(checked)));
}

void ExchangeHandler::Answered(
    const Exchange& exchange,
    const Result<mapping::HttpResponse, mapping::UpstreamFault>& response) {
  if (!Finish(exchange.key)) return;
  Conclude(exchange, exchange.mapping.ToCoap(exchange.form, response), response);
}

void ExchangeHandler::Conclude(
    const Exchange& exchange, ingress::ExchangeAnswer answer,
    const Result<mapping::HttpResponse, mapping::UpstreamFault>& response) {
  answer.head.set_long_poll(mapping::IsLongPoll(exchange.form.route));
  Count(answer.head);
  if (answer.mends.Total() > 0) CountMends(exchange.record, answer.mends);
  CountCompression(answer);
  if (response) {
    CountBytes(exchange.form.route, exchange.request_bytes, *response, answer.body.size());
  }
  exchange.respond(std::move(answer));
  if (log_ == nullptr) return;
  Log(exchange.record, response, std::chrono::steady_clock::now() - exchange.started);
}

void ExchangeHandler::CountCompression(const ingress::ExchangeAnswer& answer) {
  if (answer.uncompressed == 0) return;
  const mapping::Compression compression = mapping::CompressionOf(answer.head.content_format());
  CompressionCounters& counters = counters_.compressed[static_cast<size_t>(compression)];
  counters.answers.fetch_add(1, std::memory_order_relaxed);
  counters.bytes_before.fetch_add(answer.uncompressed, std::memory_order_relaxed);
  counters.bytes_after.fetch_add(answer.body.size(), std::memory_order_relaxed);
}

void ExchangeHandler::Log(ExchangeRecord record,
                          const Result<mapping::HttpResponse, mapping::UpstreamFault>& response,
                          Duration took) {
  record.took = took;
  if (response) {
    record.status = response->status;
  } else {
    record.fault = response.error();
  }
  log_->Write(record);
}

void ExchangeHandler::Count(const v1::Answer& head) {
  counters_.answers[(head.code() >> 5) % counters_.answers.size()].fetch_add(
      1, std::memory_order_relaxed);
  if (!head.has_poll()) return;
  counters_.polls[static_cast<size_t>(head.poll().outcome())].fetch_add(1,
                                                                        std::memory_order_relaxed);
}

void ExchangeHandler::CountMends(const ExchangeRecord& record, const transcode::Mends& mends) {
  counters_.answers_mended.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < mends.counts.size(); ++i) {
    counters_.values_replaced[i].fetch_add(mends.counts[i], std::memory_order_relaxed);
  }
  if (log_ != nullptr) log_->WriteMends(record, mends);
}

void ExchangeHandler::CountBytes(mapping::Route route, size_t request_body,
                                 const mapping::HttpResponse& response, size_t answer_body) {
  const auto add = [](RouteBytes::Count& count, uint64_t by) {
    count.fetch_add(by, std::memory_order_relaxed);
  };
  RouteBytes& bytes = counters_.routes[static_cast<size_t>(route)];
  add(bytes.exchanges, 1);
  add(bytes.coap_sent, request_body);
  add(bytes.coap_received, answer_body);
  add(bytes.upstream_sent, response.wire_bytes_sent);
  add(bytes.upstream_received, response.wire_bytes_received);
  add(bytes.https_sent, HttpsBytes(response.wire_bytes_sent - response.gateway_bytes_sent));
  add(bytes.https_received, HttpsBytes(response.wire_bytes_received));
}

// False if the exchange was cancelled: then the answer is not wanted.
bool ExchangeHandler::Finish(ingress::ExchangeKey key) {
  const MutexLock lock(mutex_);
  const auto it = under_way_.find(key);
  if (it == under_way_.end()) return false;
  const bool cancelled = it->second.cancelled;
  under_way_.erase(it);
  return !cancelled;
}

// Its first request is answered, and another follows. A Cancel in between is noticed here.
bool ExchangeHandler::GoesOn(ingress::ExchangeKey key) {
  const MutexLock lock(mutex_);
  const auto it = under_way_.find(key);
  if (it == under_way_.end()) return false;
  if (it->second.cancelled) {
    under_way_.erase(it);
    return false;
  }
  it->second.handle.reset();
  return true;
}

void ExchangeHandler::Submitted(ingress::ExchangeKey key, upstream::UpstreamClient::Handle handle) {
  {
    const MutexLock lock(mutex_);
    const auto it = under_way_.find(key);
    if (it == under_way_.end()) return;  // It completed before Submit returned.
    if (!it->second.cancelled) {
      it->second.handle = handle;
      return;
    }
    under_way_.erase(it);
  }
  upstream_.Cancel(handle);
}

void ExchangeHandler::Cancel(ingress::ExchangeKey key) {
  upstream::UpstreamClient::Handle handle = 0;
  {
    const MutexLock lock(mutex_);
    const auto it = under_way_.find(key);
    if (it == under_way_.end() || it->second.cancelled) return;
    counters_.cancelled.fetch_add(1, std::memory_order_relaxed);
    if (!it->second.handle) {  // Start is still between its two steps, and will see this.
      it->second.cancelled = true;
      return;
    }
    handle = *it->second.handle;
    under_way_.erase(it);
  }
  upstream_.Cancel(handle);
}

ingress::ExchangeAnswer ExchangeHandler::Refuse(const v1::Request& request,
                                                ingress::Refused reason) {
  counters_.answers[0].fetch_add(1, std::memory_order_relaxed);
  const mapping::AnswerForm form = FormOf(request);
  const coap::CodeSet codes =
      request.rfc8075_codes() ? coap::CodeSet::kRfc8075 : coap::CodeSet::kDeployed;
  switch (reason) {
    case ingress::Refused::kOverload:
      return mapping::ErrorAnswer(
          form, codes, {503, "M_LIMIT_EXCEEDED", "Too many requests are under way; try again"}, 1);
    case ingress::Refused::kBodyTooLarge:
      return mapping::ErrorAnswer(form, codes,
                                  {413, "M_TOO_LARGE", "The request's body is too large"});
  }
  return {};
}

}  // namespace lowband::translator
