#include <algorithm>
#include <utility>

#include "services/edge/request/layer_impl.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

void Layer::Impl::Refuse(TimePoint now, const Incoming& incoming, const Refusal& refusal) {
  RespondRefused(now, incoming.arrived.ref, incoming.arrived.message.token, incoming.form, refusal);
}

void Layer::Impl::RespondRefused(TimePoint now, const message::RequestRef& ref,
                                 const coap::Token& token, BodyForm form, const Refusal& refusal) {
  ++counters_.refused[static_cast<size_t>(refusal.reason)];
  const RefusalResponse response = WriteRefusal(refusal, form, config_.codes);
  messages_.Respond(now, ref, WriteResponse(token, response.head, response.blocks, response.body));
}

void Layer::Impl::HandleFollowUp(TimePoint now, const Incoming& incoming) {
  const message::RequestRef& ref = incoming.arrived.ref;
  const coap::Token& token = incoming.arrived.message.token;
  downloads_.Expire(now);
  const auto found =
      downloads_.Find({ref.session, incoming.options.key, token, incoming.arrived.acknowledges});
  if (!found || IsStaleFetch(incoming, (*found)->observation)) {
    Refuse(now, incoming,
           {.reason = RefusalReason::kBlockMissing,
            .code = coap::kRequestEntityIncomplete,
            .errcode = "M_UNKNOWN",
            .error = "The rest of this response is not kept any more: ask from the start"});
    return;
  }
  PinnedBody& pinned = **found;
  pinned.fetch_token = token;
  const auto block = BlockOf(pinned.body.size(), *incoming.options.block2, config_.block_szx);
  if (!block) {
    Refuse(now, incoming,
           {.reason = RefusalReason::kBadBlock,
            .code = coap::kBadRequest,
            .errcode = "M_INVALID_PARAM",
            .error = "The response has " + std::to_string(pinned.body.size()) +
                     " bytes: there is no such block"});
    return;
  }
  ++counters_.download_blocks;
  const ResponseBlocks blocks{.entity_tag = pinned.entity_tag, .block2 = block};
  // A block is made anew while its body is kept; only the last may be asked for after that.
  const auto on_duplicate =
      block->more ? message::OnDuplicate::kAskAgain : message::OnDuplicate::kRepeat;
  Bytes message = WriteResponse(token, pinned.head, blocks, BytesOf(pinned.body, *block));
  const ObservationId observation = pinned.observation;
  // Whether the client has all of a notification must be known; nothing else tells.
  const message::SendId sent = observation != 0 && !block->more
                                   ? messages_.RespondConfirmably(now, ref, std::move(message))
                                   : messages_.Respond(now, ref, std::move(message), on_duplicate);
  downloads_.Served(now, *found, sent, !block->more);
  if (observation != 0) OnBlockServed(now, incoming, observation, sent, !block->more);
}

void Layer::Impl::Complete(TimePoint now, Answer answer) {
  if (Observation* observation = observations_.FindByPoll(answer.id)) {
    ++counters_.answers;
    OnPolled(now, *observation, std::move(answer));
    return;
  }
  const auto found = exchanges_.Find(answer.id);
  if (!found || (*found)->held) {
    ++counters_.answers_late;
    return;
  }
  ++counters_.answers;
  Session& session = sessions_.at((*found)->ref.session);
  if (answer.token_refused) {
    if (session.sticky.OnRefused((*found)->access_token)) ++counters_.tokens_cleared;
    if (MayRetry(now, session, *found, answer)) return;
  }
  Finish(now, *found, std::move(answer));
}

// A client takes its token for known as soon as it sent it, so that a request without may overtake
// the one with the token.
bool Layer::Impl::MayRetry(TimePoint now, Session& session, ExchangeTable::Entry exchange,
                           Answer& answer) {
  if (exchange->retry == nullptr) return false;
  if (session.sticky.token()) {
    Restart(now, session, exchange);
  } else {
    exchanges_.Hold(exchange, std::move(answer), now + config_.token_wait);
  }
  return true;
}

void Layer::Impl::Finish(TimePoint now, ExchangeTable::Entry exchange, Answer answer) {
  const Exchange done = Take(sessions_.at(exchange->ref.session), exchange);
  if (!answer.long_poll) counters_.durations.Add(now - done.started);
  Respond(now, done, std::move(answer));
}

void Layer::Impl::Respond(TimePoint now, const Exchange& exchange, Answer answer) {
  auto first = WriteFirst(now, exchange.target, std::move(answer), {});
  if (!first) {
    Refusal refusal = Unavailable(RefusalReason::kOverload, "No room for the response");
    if (!exchange.idempotent) {
      // It happened: "come later" would make it happen twice.
      refusal.http_status = 504;
      refusal.come_later = false;
    }
    RespondRefused(now, exchange.ref, exchange.target.token, exchange.target.form, refusal);
    return;
  }
  const message::SendId sent = messages_.Respond(now, exchange.ref, std::move(first->message));
  if (first->pinned) downloads_.Served(now, *first->pinned, sent, false);
}

uint8_t Layer::Impl::SzxFor(const ResponseTarget& target) const {
  return target.block2 ? std::min(config_.block_szx, target.block2->szx) : config_.block_szx;
}

std::optional<Layer::Impl::FirstMessage> Layer::Impl::WriteFirst(TimePoint now,
                                                                 const ResponseTarget& target,
                                                                 Answer answer,
                                                                 const Notification& notification) {
  ResponseHead head{answer.code, answer.http_status, answer.content_format, answer.max_age};
  // Nothing else ends a request; 2.31 would have the client send the rest of an upload.
  if (!head.code.is_response() || head.code == coap::kContinue) head.code = coap::kBadGateway;
  if (answer.body.empty()) {
    // Deployed clients crash on a response without a body.
    answer.body = target.form.cbor ? Bytes{0xa0} : Bytes{'{', '}'};
    head.content_format = target.form.content_format();
  }
  if (!head.content_format) head.content_format = coap::kFormatOctets;
  const uint8_t szx = SzxFor(target);
  const coap::Block whole{0, false, szx};
  // Two bytes over a block are no reason for a second round trip.
  const bool may_exceed_block = szx == 6 && !target.block2;
  if (answer.body.size() <= whole.size() ||
      (may_exceed_block && answer.body.size() <= coap::kMessageBytesDefault)) {
    ResponseBlocks blocks{.block1 = target.block1};
    if (notification.observation != 0) blocks.observe = notification.number;
    if (target.block2) blocks.block2 = whole;
    Bytes message = WriteResponse(target.token, head, blocks, answer.body);
    if (answer.body.size() <= whole.size() || message.size() <= coap::kMessageBytesDefault) {
      return FirstMessage{std::move(message), std::nullopt};
    }
  }
  return WriteFirstBlock(now, target, head, std::move(answer.body), szx, notification);
}

std::optional<Layer::Impl::FirstMessage> Layer::Impl::WriteFirstBlock(
    TimePoint now, const ResponseTarget& target, const ResponseHead& head, Bytes body, uint8_t szx,
    const Notification& notification) {
  PinnedBody pinned;
  pinned.session = target.session;
  pinned.key = target.key;
  pinned.token = target.token;
  pinned.head = head;
  pinned.body = std::move(body);
  pinned.observation = notification.observation;
  const auto entry = downloads_.Pin(now, pinned);
  if (!entry) return std::nullopt;
  return WriteFirstBlockOf(*entry, target, szx, notification);
}

Layer::Impl::FirstMessage Layer::Impl::WriteFirstBlockOf(PinnedBodies::Entry pinned,
                                                         const ResponseTarget& target, uint8_t szx,
                                                         const Notification& notification) const {
  const coap::Block first{0, true, szx};
  ResponseBlocks blocks{.entity_tag = pinned->entity_tag,
                        .block2 = first,
                        .block1 = target.block1,
                        .size2 = static_cast<uint32_t>(pinned->body.size())};
  if (notification.observation != 0) blocks.observe = notification.number;
  return {WriteResponse(target.token, pinned->head, blocks, BytesOf(pinned->body, first)), pinned};
}

Exchange Layer::Impl::Take(Session& session, ExchangeTable::Entry exchange) {
  request_bytes_.Give(exchange->body_bytes);
  std::erase(session.exchanges, exchange->id);
  return exchanges_.Take(exchange);
}

}  // namespace lowband::edge::request
