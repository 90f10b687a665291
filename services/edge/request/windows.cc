// Answers by a window: the edge keeps the part that the client fetches next; the rest stays with
// the translator until the client gets there.
//
//   first piece ─▶ kept ──block fetched──▶ credit ──▶ next piece ─▶ kept ─ … ─▶ last piece
//                   │ a block that is still to come: its request waits
//                   │ broken off, or a passed block: asked again when a block is wanted
//                   │     └─▶ the same body: goes on from there   another one: 4.08   error: that
//                   └─ dropped (done, unused, evicted, session over): cancelled at the translator
#include <algorithm>
#include <utility>

#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

size_t OffsetOf(const BlockRequest& asked) { return asked.block.offset(); }

size_t FirstAwaited(const Download& download) {
  return OffsetOf(*std::ranges::min_element(download.awaited, {}, OffsetOf));
}

}  // namespace

void Layer::KeepWindow(ExchangeId source, AnswerWindow window, Download& download) {
  ++counters_.windows;
  const KeptBody first = std::move(download.body);
  download.body = KeptBody(window.bytes, window.from, config_.answer_window);
  download.body.Add(first.kept());
  download.source = window.ended ? 0 : source;
  download.digest = std::move(window.digest);
  download.request = std::make_unique<v1::Request>(std::move(window.request));
}

bool Layer::IsOldCopy(const Download& download, const Incoming& incoming) {
  if (!download.body.IsPast(incoming.options.block2->offset())) return false;
  if (!download.fetch_id || incoming.arrived.acknowledges.value != 0) return false;
  // Clients count them up (RFC 7252 §4.4).
  const auto ahead = static_cast<int16_t>(incoming.arrived.ref.message_id - *download.fetch_id);
  return ahead <= 0 && ahead > -kOldCopyIds;
}

void Layer::PassBlocks(Downloads::Entry download, size_t offset) {
  const auto until = download->body.Pass(offset);
  // A new source's window begins at its own first byte, until that is confirmed.
  if (until && download->source != 0 && !download->unproven) {
    commands_.emplace_back(GiveCredit{download->source, *until});
  }
}

void Layer::AwaitBlock(TimePoint now, const BlockRequest& asked, Downloads::Entry download) {
  if (download->awaited.size() >= kAwaitedBlocksMax) {
    RespondRefused(now, asked.ref, asked.token, asked.form, SessionLimit("blocks"));
    return;
  }
  downloads_.Await(now, download, asked);
  const size_t offset = asked.block.offset();
  if (download->unproven) return;
  if (download->source == 0 || download->body.IsPast(offset)) {
    AskAgain(now, download, FirstAwaited(*download));
    return;
  }
  PassBlocks(download, FirstAwaited(*download));
  if (!piece_timers_.Contains(download->source))
    piece_timers_.Set(download->source, now + kPieceWait);
}

void Layer::AppendPiece(TimePoint now, const AnswerPiece& piece) {
  const auto found = downloads_.FindSource(piece.id);
  if (!found) return;  // it was cancelled
  const Downloads::Entry download = *found;
  piece_timers_.Cancel(piece.id);
  if (piece.then == AnswerPiece::Then::kBroken) ++counters_.windows_broken;
  if (piece.then != AnswerPiece::Then::kMore) {
    download->unproven = false;
    downloads_.SetSource(download, 0);
  }
  download->body.Add(piece.bytes);
  ServeAwaited(now, download);
}

void Layer::ServeAwaited(TimePoint now, Downloads::Entry download) {
  std::vector<BlockRequest> awaited = std::exchange(download->awaited, {});
  std::ranges::stable_sort(awaited, {}, OffsetOf);
  for (const BlockRequest& asked : awaited) {  // some of them may wait again
    (void)ServeBlock(now, asked, download);
  }
}

void Layer::AskAgain(TimePoint now, Downloads::Entry download, size_t from) {
  BreakOff(download);
  if (++download->restarts > kAskedAgainMax) {
    RefuseAwaited(now, download,
                  Unavailable(RefusalReason::kBrokenOff, "The rest of the response got lost"));
    return;
  }
  ++counters_.windows_asked_again;
  const ExchangeId id = exchanges_.NextId();
  downloads_.SetSource(download, id);
  download->unproven = true;
  download->body.Restart(from);
  v1::Request request = *download->request;
  request.set_answer_from(from);
  request.set_client_address(sessions_.at(download->session).client_address);
  const TimePoint deadline = now + config_.exchange_timeout;
  piece_timers_.Set(id, deadline + kExchangeGrace);
  commands_.emplace_back(StartExchange{id, std::move(request), deadline});
}

void Layer::OnAskedAgain(TimePoint now, Downloads::Entry download, Answer answer) {
  piece_timers_.Cancel(answer.id);
  download->unproven = false;
  const AnswerWindow* window = answer.window.get();
  if (window != nullptr && window->bytes == download->body.size() &&
      window->digest == download->digest) {
    if (window->ended) downloads_.SetSource(download, 0);
    download->body.Add(answer.body);
    ServeAwaited(now, download);
    return;
  }
  constexpr unsigned kSuccess = 2;
  if (answer.code.cls() != kSuccess) {
    downloads_.SetSource(download, 0);
    RespondAwaited(now, download, answer);
    return;
  }
  ++counters_.windows_changed;
  RefuseAwaited(now, download,
                {.reason = RefusalReason::kBrokenOff,
                 .code = coap::kRequestEntityIncomplete,
                 .errcode = "M_UNKNOWN",
                 .error = "The response has changed: ask from the start"});
  downloads_.Erase(download);
}

void Layer::RefuseAwaited(TimePoint now, Downloads::Entry download, const Refusal& refusal) {
  for (const BlockRequest& asked : std::exchange(download->awaited, {})) {
    RespondRefused(now, asked.ref, asked.token, asked.form, refusal);
  }
}

void Layer::RespondAwaited(TimePoint now, Downloads::Entry download, const Answer& answer) {
  const ResponseHead head{answer.code,    answer.http_status, answer.content_format,
                          answer.max_age, answer.entity_tag,  answer.location_path};
  for (const BlockRequest& asked : std::exchange(download->awaited, {})) {
    Bytes message = WriteResponse(asked.token, head, {}, answer.body);
    if (answer.body.empty() || message.size() > coap::kMessageBytesDefault) {
      RespondRefused(now, asked.ref, asked.token, asked.form,
                     Unavailable(RefusalReason::kBrokenOff, "The rest of the response got lost"));
    } else {
      messages_.Respond(now, asked.ref, std::move(message));
    }
  }
}

// The rest of this exchange's answer is not needed.
void Layer::BreakOff(Downloads::Entry download) {
  if (download->source == 0) return;
  piece_timers_.Cancel(download->source);
  commands_.emplace_back(CancelExchange{download->source});
  downloads_.SetSource(download, 0);
  download->unproven = false;
}

void Layer::OnPieceDue(TimePoint now, ExchangeId source) {
  const auto found = downloads_.FindSource(source);
  if (!found) return;
  BreakOff(*found);
  RefuseAwaited(now, *found,
                {.reason = RefusalReason::kNoAnswer,
                 .code = coap::kGatewayTimeout,
                 .errcode = "M_UNKNOWN",
                 .error = "The rest of the response did not come in time"});
}

void Layer::ClearUp(TimePoint now) {
  auto [sources, awaited] = downloads_.TakeLeftovers();
  for (const ExchangeId source : sources) {
    piece_timers_.Cancel(source);
    commands_.emplace_back(CancelExchange{source});
  }
  for (const BlockRequest& asked : awaited) {
    RespondRefused(now, asked.ref, asked.token, asked.form,
                   {.reason = RefusalReason::kBlockMissing,
                    .code = coap::kRequestEntityIncomplete,
                    .errcode = "M_UNKNOWN",
                    .error = "The rest of this response is no longer kept: ask from the start"});
  }
}

}  // namespace lowband::edge::request
