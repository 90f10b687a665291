#include <utility>

#include "services/edge/request/discovery.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"
#include "services/edge/request/method.h"

namespace lowband::edge::request {

transcode::KeyTable Layer::KeyTableOf(const RequestOptions& options, const Sticky& sticky) const {
  if (!options.key_table || *options.key_table > 1) {
    return sticky.key_table(config_.default_key_table);
  }
  return *options.key_table == 0 ? transcode::KeyTable::kStrings : transcode::KeyTable::kV1;
}

void Layer::HandleRequest(TimePoint now, const message::RequestArrived& arrived) {
  const auto session = sessions_.find(arrived.ref.session);
  if (session == sessions_.end()) return;  // it has ended
  ++counters_.requests;
  Incoming incoming{arrived, session->second, ReadOptions(arrived.message), {}, {}};
  if (!arrived.answer_lost) TakeSticky(now, incoming);
  const RequestOptions& options = incoming.options;
  const ByteView payload = arrived.message.payload;
  incoming.form = FormFor(options.accept, options.content_format, !payload.empty(),
                          KeyTableOf(options, incoming.session.sticky));
  if (arrived.answer_lost) {
    Refuse(now, incoming,
           {.reason = RefusalReason::kAnswerLost,
            .code = coap::kGatewayTimeout,
            .errcode = "M_UNKNOWN",
            .error = "This request was answered before; the answer is no longer kept"});
  } else if (options.refusal) {
    Refuse(now, incoming, *options.refusal);
  } else if (options.block2 && options.block2->number > 0 && !IsFetchedAnew(now, incoming)) {
    HandleFollowUp(now, incoming);
  } else if (options.observe == 1u && Deregister(now, incoming)) {
    return;
  } else if (AsksWhatIsHere(arrived.message)) {
    TellWhatIsHere(now, incoming);
  } else if (options.block1) {
    HandleBlock(now, incoming, *options.block1);
  } else if (auto refusal = CheckLimits(incoming.session)) {
    Refuse(now, incoming, *refusal);
  } else if (payload.size() > config_.request_body_bytes_max) {
    Refuse(now, incoming, TooLarge(config_.request_body_bytes_max));
  } else {
    Booking booking;
    if (!payload.empty()) {
      const Held held{HeldKind::kWaiting, arrived.ref.session, arrived.ref.serial};
      booking = rooms_.small_uploads.Take(now, incoming.session.holder, held, payload.size());
      if (!booking) {
        Refuse(now, incoming, Unavailable(RefusalReason::kOverload, "No room for the body"));
        return;
      }
    }
    Start(now, incoming, {payload, std::move(booking), options.content_format, std::nullopt});
  }
}

void Layer::TellWhatIsHere(TimePoint now, const Incoming& incoming) {
  const RequestOptions& options = incoming.options;
  if (options.accept && *options.accept != kFormatLink) {
    Refuse(now, incoming,
           {.reason = RefusalReason::kBadOption,
            .code = coap::kNotAcceptable,
            .errcode = "M_UNRECOGNIZED",
            .error = "/.well-known/core exists only in format 40 (link-format)"});
    return;
  }
  Exchange exchange;
  exchange.ref = incoming.arrived.ref;
  exchange.target.session = exchange.ref.session;
  exchange.target.token = incoming.arrived.message.token;
  exchange.target.form = incoming.form;
  exchange.target.key = options.key;
  exchange.target.block2 = options.block2;
  exchange.target.no_response = options.no_response;
  exchange.idempotent = true;
  Answer answer;
  answer.code = coap::kContent;
  answer.content_format = kFormatLink;
  const ByteView links = AsBytes(kDiscovery);
  answer.body.assign(links.begin(), links.end());
  Respond(now, exchange, std::move(answer));
}

// Sticky options count in the first message of an operation. Further blocks, of a request or of its
// answer, and duplicates repeat them, perhaps long after another operation has changed them.
void Layer::TakeSticky(TimePoint now, Incoming& incoming) {
  RequestOptions& options = incoming.options;
  Sticky& sticky = incoming.session.sticky;
  const uint64_t sequence = incoming.arrived.ref.sequence;
  const bool goes_on = incoming.arrived.again || (options.block1 && options.block1->number > 0) ||
                       (options.block2 && options.block2->number > 0);
  if (options.key_table && !goes_on) {
    auto taken = sticky.TakeKeyTable(*options.key_table, sequence);
    if (!taken && !options.refusal) options.refusal = std::move(taken.error());
  }
  if (options.user_agent && !goes_on) sticky.TakeUserAgent(*options.user_agent, sequence);
  incoming.names_token = options.access_token.has_value();
  if (goes_on && incoming.names_token) {
    auto named = Sticky::ReadToken(*options.access_token);
    if (named) {
      incoming.token = std::move(*named);
    } else if (!options.refusal) {
      options.refusal = std::move(named.error());
    }
  } else if (incoming.names_token) {
    TakeToken(now, incoming);
  } else if (auto applied = sticky.TokenFor(sequence)) {
    incoming.token = std::move(applied->token);
    incoming.token_refused = applied->refused;
  } else if (!options.refusal) {
    options.refusal = Unavailable(RefusalReason::kOverload, "This request came too late");
  }
}

void Layer::TakeToken(TimePoint now, Incoming& incoming) {
  RequestOptions& options = incoming.options;
  auto taken =
      incoming.session.sticky.TakeToken(*options.access_token, incoming.arrived.ref.sequence);
  if (!taken) {
    if (!options.refusal) options.refusal = std::move(taken.error());
    return;
  }
  incoming.token = std::move(taken->token);
  switch (taken->change) {
    case Sticky::Change::kNone: return;
    case Sticky::Change::kCleared: ++counters_.tokens_cleared; return;
    case Sticky::Change::kSet:
      ++counters_.tokens_set;
      RestartHeld(now, incoming.arrived.ref.session, incoming.session);
      return;
  }
}

void Layer::HandleBlock(TimePoint now, const Incoming& incoming, const coap::Block& block) {
  // Before the last block is accepted, so that the client can send it again later.
  if (!block.more) {
    if (const auto refusal = CheckLimits(incoming.session)) {
      Refuse(now, incoming, *refusal);
      return;
    }
  }
  const message::RequestRef& ref = incoming.arrived.ref;
  const coap::MessageView& message = incoming.arrived.message;
  const RequestOptions& options = incoming.options;
  const UploadBlock piece{ref.session,     incoming.session.holder, options.key.upload,     block,
                          message.payload, options.size1,           options.content_format, ref,
                          incoming.token,  incoming.names_token};
  if (MustWait(now, incoming, block)) {
    WaitToUpload(now, incoming, piece);
    return;
  }
  if (const auto before = uploads_.Before(piece)) messages_.Settle(now, *before);
  auto added = uploads_.Add(now, piece);
  // This may have ended an upload, or freed the slot of a silent one.
  if (!incoming.session.waiting_uploads.empty()) ServeUploads(now, ref.session, incoming.session);
  if (!added) {
    Refuse(now, incoming, added.error());
    return;
  }
  if (!*added) {
    ++counters_.upload_blocks;
    // No client reads a body in 2.31.
    messages_.Respond(
        now, ref, WriteResponse(message.token, {.code = coap::kContinue}, {.block1 = block}, {}));
    return;
  }
  // The body keeps the token of its blocks, even if the session has another one now.
  Incoming whole = incoming;
  if ((*added)->token || (*added)->names_token) {
    whole.token = (*added)->token;
    whole.names_token = (*added)->names_token;
  }
  Start(now, whole,
        {(*added)->body, std::move((*added)->booking), (*added)->content_format, block});
}

void Layer::Start(TimePoint now, const Incoming& incoming, WholeBody body) {
  const RequestOptions& options = incoming.options;
  const SessionId session = incoming.arrived.ref.session;
  if (worked_.empty() || worked_.back() != session) worked_.push_back(session);
  v1::Request request = WriteRequest(incoming, body);
  Exchange exchange;
  exchange.ref = incoming.arrived.ref;
  exchange.target = {
      .session = incoming.arrived.ref.session,
      .token = incoming.arrived.message.token,
      .form = FormFor(options.accept, body.content_format, !body.bytes.empty(), incoming.form.keys),
      .key = options.key,
      .block1 = body.block1,
      .block2 = options.block2,
      .no_response = options.no_response,
  };
  exchange.target.key.body = BodyKey(options.method, body.bytes);
  exchange.idempotent = IsIdempotent(options.method);
  exchange.access_token = incoming.token;
  exchange.body = std::move(body.booking);
  exchange.awaits_token = !incoming.names_token && (!incoming.token || incoming.token_refused) &&
                          config_.token_wait > Duration::zero();
  // What is kept for long is booked by places; the copy for the first poll, by bytes.
  const auto has_room_for_copy = [&] {
    return body.bytes.empty() || exchange.body.GrowIfFree(now, body.bytes.size());
  };
  if (AsksToObserve(incoming, body.bytes) && has_room_for_copy()) {
    (void)request.mutable_observe();
    exchange.poll = std::make_unique<v1::Request>(request);
  } else {
    AskForWindow(incoming, request);
  }
  if (exchange.poll == nullptr && exchange.awaits_token && has_room_for_copy()) {
    exchange.retry = std::make_unique<v1::Request>(request);  // a copy, for a second try
  }
  exchange.started = now;
  StartOrWait(now, incoming.arrived.ref.session, incoming.session, std::move(exchange),
              std::move(request));
}

// The rest of a GET's answer can be asked for again if it gets lost. The answer of a POST cannot,
// and a notification must stay the same for hours: both come whole.
void Layer::AskForWindow(const Incoming& incoming, v1::Request& request) const {
  const RequestOptions& options = incoming.options;
  if (options.method != v1::GET || !request.body().empty() || config_.answer_window == 0) return;
  request.set_answer_window(static_cast<uint32_t>(config_.answer_window));
  if (options.block2) request.set_answer_from(options.block2->offset());
}

v1::Request Layer::WriteRequest(const Incoming& incoming, const WholeBody& body) const {
  const RequestOptions& options = incoming.options;
  v1::Request request;
  request.set_method(options.method);
  for (const coap::OptionView& option : incoming.arrived.message.options()) {
    const auto number = static_cast<coap::OptionNumber>(option.number);
    if (number == coap::OptionNumber::kUriPath) {
      request.add_path(option.value.data(), option.value.size());
    } else if (number == coap::OptionNumber::kUriQuery) {
      request.add_queries(option.value.data(), option.value.size());
    } else if (number == coap::OptionNumber::kIfMatch) {
      request.add_if_match(option.value.data(), option.value.size());
    } else if (number == coap::OptionNumber::kETag && options.method == v1::GET &&
               !option.value.empty() && option.value.size() <= coap::kEntityTagBytesMax) {
      request.add_entity_tags(option.value.data(), option.value.size());
    }
  }
  if (body.content_format) request.set_content_format(*body.content_format);
  if (options.accept) request.set_accept(*options.accept);
  if (incoming.token) request.set_token(*incoming.token);
  request.set_key_table(incoming.form.keys == transcode::KeyTable::kStrings ? 0 : 1);
  request.set_rfc8075_codes(config_.codes == coap::CodeSet::kRfc8075);
  request.set_client_address(incoming.session.client_address);
  request.set_user_agent(incoming.session.sticky.user_agent());
  using std::chrono::milliseconds;
  request.set_deadline_ms(static_cast<uint32_t>(
      std::chrono::duration_cast<milliseconds>(config_.exchange_timeout).count()));
  if (!body.bytes.empty()) request.set_body(body.bytes.data(), body.bytes.size());
  return request;
}

// A long head takes several places; so does a body that an observation keeps.
size_t Layer::PlacesOf(const v1::Request& request) {
  size_t bytes = request.token().size() + request.user_agent().size();
  if (request.has_observe()) bytes += request.body().size();
  for (const std::string& segment : request.path()) bytes += segment.size();
  for (const std::string& query : request.queries()) bytes += query.size();
  return 1 + bytes / kHeadBytesPerPlace;
}

void Layer::RestartHeld(TimePoint now, SessionId session_id, Session& session) {
  for (const ExchangeId id : std::vector<ExchangeId>(session.exchanges)) {
    const Exchanges::Entry exchange = *exchanges_.Find(id);
    if (exchange->held) Restart(now, session, exchange);
  }
  observations_.OnToken(session_id, session.sticky.token());
  ServeObservations(now);
}

void Layer::Restart(TimePoint now, Session& session, Exchanges::Entry exchange) {
  ++counters_.exchanges_retried;
  std::erase(session.exchanges, exchange->id);
  const TimePoint deadline = now + config_.exchange_timeout;
  exchanges_.Restart(now, exchange, deadline + kExchangeGrace);
  session.exchanges.push_back(exchange->id);
  const Held held{HeldKind::kExchange, exchange->ref.session, exchange->id};
  exchange->place.Name(held, Rank::kNeeded);
  exchange->body.Name(held, Rank::kNeeded);
  exchange->access_token = session.sticky.token();
  exchange->token_place = rooms_.tokens.TakeAnyway(rooms_.tokens.IdOf(*exchange->access_token));
  if (exchange->is_poll) exchange->token_place.BecomePoll(held);
  v1::Request request = std::move(*exchange->retry);
  exchange->retry = nullptr;  // once
  request.set_token(*exchange->access_token);
  commands_.emplace_back(StartExchange{exchange->id, std::move(request), deadline});
}

}  // namespace lowband::edge::request
