#include <algorithm>
#include <utility>

#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

namespace {

// RFC 7967 §2.1: bit n-1 stands for class n.
bool IsUnwanted(uint8_t no_response, coap::Code code) {
  return code.cls() > 0 && (no_response >> (code.cls() - 1) & 1) != 0;
}

// Deployed clients set M where RFC 7959 §2.2 has it clear. They ask for the block after a CON
// inside its ACK, so that the edge repeats lost blocks.
bool IsChained(const coap::Block& asked, const Download& download) {
  const size_t rest = download.body.size() - asked.offset();
  return asked.more && download.observation == 0 && rest >= kChainedBytesMin;
}

}  // namespace

void Layer::Refuse(TimePoint now, const Incoming& incoming, const Refusal& refusal) {
  RespondRefused(now, incoming.arrived.ref, incoming.arrived.message.token, incoming.form, refusal,
                 incoming.options.no_response);
}

void Layer::RespondRefused(TimePoint now, const message::RequestRef& ref, const coap::Token& token,
                           BodyForm form, const Refusal& refusal, uint8_t no_response) {
  ++counters_.refused[static_cast<size_t>(refusal.reason)];
  const RefusalResponse response = WriteRefusal(refusal, form, config_.codes);
  if (IsUnwanted(no_response, response.head.code)) {
    messages_.RespondNothing(now, ref);
    return;
  }
  messages_.Respond(now, ref, WriteResponse(token, response.head, response.blocks, response.body));
}

bool Layer::IsFetchedAnew(TimePoint now, const Incoming& incoming) {
  const RequestOptions& options = incoming.options;
  // Deployed clients set the M bit of these requests. They cannot continue with another entity tag,
  // and wait for ever.
  if (options.method != v1::GET || options.block2->more || options.entity_tag || options.block1 ||
      incoming.arrived.acknowledges.value != 0) {
    return false;
  }
  downloads_.Expire(now);
  const coap::Token& token = incoming.arrived.message.token;
  return downloads_.Find({incoming.arrived.ref.session, options.key, token, {}}).match ==
         Match::kNone;
}

void Layer::HandleFollowUp(TimePoint now, const Incoming& incoming) {
  const message::RequestRef& ref = incoming.arrived.ref;
  const coap::Token& token = incoming.arrived.message.token;
  downloads_.Expire(now);
  const auto found =
      downloads_.Find({ref.session, incoming.options.key, token, incoming.arrived.acknowledges});
  if (found.match == Match::kOne && IsOldCopy(*found.download, incoming)) {
    messages_.RespondNothing(now, ref);
    return;
  }
  // Inside an ACK it identifies the previous block.
  const bool is_stale =
      found.match == Match::kOne && incoming.arrived.acknowledges.value == 0 &&
      observations_.IsStaleFetch(found.download->observation, {token, ref.message_id});
  if (found.match != Match::kOne || is_stale) {
    Refuse(now, incoming,
           {.reason = RefusalReason::kBlockMissing,
            .code = coap::kRequestEntityIncomplete,
            .errcode = "M_UNKNOWN",
            .error = found.match == Match::kSeveral
                         ? "Several responses match: ask from the start, and give each "
                           "request another Request-Tag"
                         : "The rest of this response is no longer kept: ask from the start"});
    return;
  }
  found.download->fetch_token = token;
  if (incoming.arrived.acknowledges.value == 0) found.download->fetch_id = ref.message_id;
  OnAsked(incoming.session, *found.download, *incoming.options.block2);
  const BlockRequest asked{ref, token, incoming.form, *incoming.options.block2};
  const ObservationId observation = found.download->observation;
  const auto sent = ServeBlock(now, asked, found.download);
  if (observation == 0 || !sent) return;
  observations_.OnBlockServed(now, observation, {token, ref.message_id}, sent->id, sent->last);
  ServeObservations(now);
}

std::optional<Layer::SentBlock> Layer::ServeBlock(TimePoint now, const BlockRequest& asked,
                                                  Downloads::Entry download) {
  const auto block =
      BlockOf(download->body.size(), asked.block, SzxOf(sessions_.at(asked.ref.session)));
  if (!block) {
    RefuseBlock(now, asked, download->body.size());
    return std::nullopt;
  }
  if (!download->body.Has(*block)) {
    AwaitBlock(now, asked, download);
    return std::nullopt;
  }
  ++counters_.download_blocks;
  const ResponseBlocks blocks{.entity_tag = download->entity_tag, .block2 = block};
  // While the body is kept, a block is made anew; later only the last one may be repeated.
  const auto on_duplicate =
      block->more ? message::OnDuplicate::kAskAgain : message::OnDuplicate::kRepeat;
  const ByteView bytes = download->body.At(*block);
  download->sent_bytes = bytes.size();
  Bytes message = WriteResponse(asked.token, download->head, blocks, bytes);
  // For a notification, only its ACK shows that the client has all of it.
  const message::SendId sent =
      download->observation != 0 && !block->more
          ? messages_.RespondConfirmably(now, asked.ref, std::move(message))
      : IsChained(asked.block, *download)
          ? messages_.RespondChained(now, asked.ref, std::move(message))
          : messages_.Respond(now, asked.ref, std::move(message), on_duplicate);
  downloads_.Served(now, download, sent, !block->more);
  PassBlocks(download, block->offset());
  return SentBlock{sent, !block->more};
}

void Layer::RefuseBlock(TimePoint now, const BlockRequest& asked, size_t body_bytes) {
  RespondRefused(now, asked.ref, asked.token, asked.form,
                 {.reason = RefusalReason::kBadBlock,
                  .code = coap::kBadRequest,
                  .errcode = "M_INVALID_PARAM",
                  .error = "The response has " + std::to_string(body_bytes) +
                           " bytes: there is no such block"});
}

void Layer::TakeWhole(TimePoint now, Answer answer) {
  const ExchangeId id = answer.id;
  const bool goes_on = answer.window != nullptr && !answer.window->ended;
  if (const auto download = downloads_.FindSource(id)) {
    OnAskedAgain(now, *download, std::move(answer));
    return;
  }
  TakeAnswer(now, std::move(answer));
  // If no body keeps the pieces that are still to come, they are not needed.
  if (goes_on && !downloads_.FindSource(id)) commands_.emplace_back(CancelExchange{id});
}

void Layer::TakeAnswer(TimePoint now, Answer answer) {
  if (const Observation* observation = observations_.FindByPoll(answer.id)) {
    ++counters_.answers;
    OnPolled(now, observation->id, std::move(answer));
    return;
  }
  const auto found = exchanges_.Find(answer.id);
  if (!found || (*found)->held) {
    ++counters_.answers_late;
    return;
  }
  ++counters_.answers;
  Session& session = sessions_.at((*found)->ref.session);
  if (answer.token_refused && session.sticky.OnRefused((*found)->access_token)) {
    ++counters_.tokens_refused;
  }
  if (answer.token_taken && (*found)->access_token) {
    Prove(now, (*found)->ref.session, session, (*found)->access_token);
  }
  if ((answer.token_refused || answer.token_missing) && MayRetry(now, session, *found, answer)) {
    return;
  }
  // It may have been a login: the client sends the token next.
  if (!(*found)->access_token && !(*found)->idempotent && answer.code.cls() == 2) {
    session.token_expected_until = now + kTokenExpected;
  }
  Finish(now, *found, std::move(answer));
}

bool Layer::AwaitsToken(TimePoint now, const Session& session) const {
  return session.sticky.ended() || now < session.token_expected_until;
}

// A client relies on its token once it has sent it: requests without a token may arrive while the
// message with the token is late or lost.
bool Layer::MayRetry(TimePoint now, Session& session, Exchanges::Entry exchange, Answer& answer) {
  if (exchange->retry == nullptr) return false;
  if (session.sticky.token() && !session.sticky.refused()) {
    Restart(now, session, exchange);
    return true;
  }
  if (!AwaitsToken(now, session)) return false;
  ++counters_.exchanges_held;
  exchanges_.Hold(exchange, std::move(answer), now + config_.token_wait);
  return true;
}

void Layer::Finish(TimePoint now, Exchanges::Entry exchange, Answer answer) {
  const Exchange done = Take(sessions_.at(exchange->ref.session), exchange);
  if (!answer.long_poll) counters_.durations.Add(now - done.started);
  Respond(now, done, std::move(answer));
}

void Layer::Respond(TimePoint now, const Exchange& exchange, Answer answer) {
  if (IsUnwanted(exchange.target.no_response, answer.code)) {
    messages_.RespondNothing(now, exchange.ref);
    return;
  }
  const size_t body_bytes = answer.body.size();
  const auto& block2 = exchange.target.block2;
  const bool goes_on = block2 && block2->number > 0;
  auto first = WriteFirst(now, exchange.target, std::move(answer), {});
  if (!first) {
    Refusal refusal = Unavailable(RefusalReason::kOverload, "No room for the response");
    if (!exchange.idempotent) {
      // It was carried out: "come later" would cause a second time.
      refusal.http_status = 504;
      refusal.come_later = false;
    }
    RespondRefused(now, exchange.ref, exchange.target.token, exchange.target.form, refusal,
                   exchange.target.no_response);
    return;
  }
  if (goes_on) {
    const BlockRequest asked{exchange.ref, exchange.target.token, exchange.target.form, *block2};
    if (first->download && !first->whole) {
      (void)ServeBlock(now, asked, *first->download);
    } else {
      RefuseBlock(now, asked, body_bytes);
    }
    return;
  }
  const message::SendId sent = messages_.Respond(now, exchange.ref, std::move(first->message));
  if (first->download) downloads_.Served(now, *first->download, sent, first->whole);
}

uint8_t Layer::SzxFor(const ResponseTarget& target) const {
  const uint8_t ours = SzxOf(sessions_.at(target.session));
  return target.block2 ? std::min(ours, target.block2->szx) : ours;
}

std::optional<Layer::FirstMessage> Layer::WriteFirst(TimePoint now, const ResponseTarget& target,
                                                     Answer answer,
                                                     const Notification& notification) {
  ResponseHead head{answer.code,    answer.http_status,           answer.content_format,
                    answer.max_age, std::move(answer.entity_tag), std::move(answer.location_path)};
  // Only a response ends a request; 2.31 would make the client go on with an upload.
  if (!head.code.is_response() || head.code == coap::kContinue) head.code = coap::kBadGateway;
  const bool by_window = answer.window != nullptr;
  // A version that the client has is not sent (RFC 7252 §5.9.1.3); a text may be empty.
  const bool may_be_empty =
      by_window || head.code == coap::kValid || head.content_format == uint32_t{coap::kFormatText};
  if (answer.body.empty() && !may_be_empty) {
    // Deployed clients crash on a response without a body.
    answer.body = target.form.cbor ? Bytes{0xa0} : Bytes{'{', '}'};
    head.content_format = target.form.content_format();
  }
  if (!head.content_format && head.code != coap::kValid) {
    head.content_format = coap::kFormatOctets;
  }
  const uint8_t szx = SzxFor(target);
  const coap::Block whole{0, false, szx};
  // A body slightly larger than a block is not worth a second round trip.
  const bool may_exceed_block = szx == 6 && !target.block2;
  if (!by_window && (answer.body.size() <= whole.size() ||
                     (may_exceed_block && answer.body.size() <= coap::kMessageBytesDefault))) {
    ResponseBlocks blocks{.block1 = target.block1};
    if (notification.observation != 0) blocks.observe = notification.number;
    if (target.block2) blocks.block2 = whole;
    Bytes message = WriteResponse(target.token, head, blocks, answer.body);
    if (answer.body.size() <= whole.size() || message.size() <= coap::kMessageBytesDefault) {
      return FirstMessage{std::move(message),
                          KeepWhole(now, target, head, std::move(answer.body), notification), true};
    }
  }
  return WriteFirstBlock(now, target, head, std::move(answer), szx, notification);
}

Download Layer::MakeDownload(const ResponseTarget& target, const ResponseHead& head, Bytes body,
                             const Notification& notification) {
  Download download;
  download.session = target.session;
  download.key = target.key;
  download.token = target.token;
  download.head = head;
  download.body = KeptBody(std::move(body));
  download.observation = notification.observation;
  return download;
}

std::optional<Layer::FirstMessage> Layer::WriteFirstBlock(TimePoint now,
                                                          const ResponseTarget& target,
                                                          const ResponseHead& head, Answer answer,
                                                          uint8_t szx,
                                                          const Notification& notification) {
  const size_t from = answer.window != nullptr ? answer.window->from : 0;
  Download download = MakeDownload(target, head, std::move(answer.body), notification);
  if (answer.window != nullptr) KeepWindow(answer.id, std::move(*answer.window), download);
  const auto entry = downloads_.Add(now, sessions_.at(target.session).holder, download);
  if (!entry) return std::nullopt;
  if (from > 0) return FirstMessage{{}, *entry, false};  // a later block was asked for
  return WriteFirstBlockOf(*entry, target, szx, notification);
}

std::optional<Downloads::Entry> Layer::KeepWhole(TimePoint now, const ResponseTarget& target,
                                                 const ResponseHead& head, Bytes body,
                                                 const Notification& notification) {
  const coap::Block small{0, false, kSmallSzx};
  if (body.size() <= std::max(small.size(), sessions_.at(target.session).path.passed_bytes())) {
    return std::nullopt;
  }
  Download download = MakeDownload(target, head, std::move(body), notification);
  return downloads_.Keep(now, sessions_.at(target.session).holder, download);
}

Layer::FirstMessage Layer::WriteFirstBlockOf(Downloads::Entry download,
                                             const ResponseTarget& target, uint8_t szx,
                                             const Notification& notification) const {
  coap::Block first{0, false, szx};
  first.more = download->body.size() > first.size();
  ResponseBlocks blocks{.entity_tag = download->entity_tag,
                        .block2 = first,
                        .block1 = target.block1,
                        .size2 = static_cast<uint32_t>(download->body.size())};
  if (notification.observation != 0) blocks.observe = notification.number;
  const ByteView bytes = download->body.At(first);
  download->sent_bytes = bytes.size();
  return {WriteResponse(target.token, download->head, blocks, bytes), download, !first.more};
}

Exchange Layer::Take(Session& session, Exchanges::Entry exchange) {
  std::erase(session.exchanges, exchange->id);
  JoinLine(exchange->ref.session, session);
  return exchanges_.Take(exchange);
}

}  // namespace lowband::edge::request
