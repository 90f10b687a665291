#include "services/edge/request/block1.h"

#include <algorithm>
#include <utility>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

Refusal Incomplete(std::string_view why) {
  return {.reason = RefusalReason::kBlockMissing,
          .code = coap::kRequestEntityIncomplete,
          .errcode = "M_UNKNOWN",
          .error = std::string(why)};
}

bool SameToken(const AccessToken& a, const AccessToken& b) { return a && b ? *a == *b : a == b; }

}  // namespace

PartialBodies::PartialBodies(const Config& config, LedgerShare& large, LedgerShare& small,
                             Counters& counters)
    : body_bytes_max_(config.request_body_bytes_max),
      per_session_max_(config.uploads_per_session_max),
      large_(large),
      small_(small),
      counters_(counters) {}

Result<std::optional<CompleteBody>, Refusal> PartialBodies::Add(TimePoint now,
                                                                const BodyPiece& piece) {
  Expire(now);
  const std::optional<Entry> found = Find(piece.session, piece.upload);
  auto refusal = Check(piece);
  const bool ends = piece.block.number == 0 ||
                    (refusal && refusal->reason == RefusalReason::kTooLarge) ||
                    (found && IsTooSlow(now, **found));
  if (found && ends) {
    ++counters_.uploads_abandoned;
    Erase(*found);
  }
  if (refusal) return Failure(*std::move(refusal));
  if (piece.block.number == 0) return AddFirst(now, piece);
  if (!found || ends) return Failure(Incomplete("The earlier blocks of this body are not here"));
  return AddNext(now, *found, piece);
}

bool PartialBodies::IsTooSlow(TimePoint now, Partial& partial) {
  if (now - partial.measured < kPartialBodyProgressTime) return false;
  if (partial.body.size() - partial.measured_size < kPartialBodyProgressBytes) return true;
  partial.measured = now;
  partial.measured_size = partial.body.size();
  return false;
}

std::optional<message::RequestRef> PartialBodies::Before(const BodyPiece& piece) const {
  const auto found = Find(piece.session, piece.upload);
  if (!found || piece.block.number == 0) return std::nullopt;
  if (piece.block.offset() != (*found)->body.size()) return std::nullopt;
  return (*found)->last;
}

std::optional<Refusal> PartialBodies::Check(const BodyPiece& piece) const {
  const size_t size = piece.payload.size();
  if (size > piece.block.size() || (piece.block.more && size < piece.block.size())) {
    // RFC 7959 §2.3: all but the last are as long as their size says.
    return Refusal{.reason = RefusalReason::kBadBlock,
                   .code = coap::kBadRequest,
                   .errcode = "M_INVALID_PARAM",
                   .error = "A block of " + std::to_string(size) + " bytes instead of " +
                            std::to_string(piece.block.size())};
  }
  if (piece.block.offset() + size > body_bytes_max_ ||
      (piece.size1 && *piece.size1 > body_bytes_max_)) {
    return TooLarge(body_bytes_max_);
  }
  return std::nullopt;
}

Result<std::optional<CompleteBody>, Refusal> PartialBodies::AddFirst(TimePoint now,
                                                                     const BodyPiece& piece) {
  Bytes body(piece.payload.begin(), piece.payload.end());
  const auto own = by_session_.find(piece.session);
  if (piece.block.more && own != by_session_.end() &&
      own->second.size() >= kUploadsKeptFactor * per_session_max_) {
    ++counters_.uploads_abandoned;
    Erase(*std::ranges::min_element(own->second, {}, [](Entry each) { return each->used; }));
  }
  Booking booking;
  if (!body.empty()) {
    booking = (piece.block.more ? large_ : small_)
                  .Take(now, piece.holder, {HeldKind::kUpload, piece.session, piece.upload},
                        body.size(), Rank::kPartial);
    if (!booking) return Failure(Unavailable(RefusalReason::kOverload, "No room for the body"));
  }
  if (!piece.block.more) {
    return CompleteBody{std::move(body), std::move(booking), piece.content_format, piece.token,
                        piece.names_token};
  }
  const Entry partial = partial_.insert(
      partial_.end(),
      Partial{piece.session, piece.upload, now, 0, now, std::move(body), std::move(booking),
              piece.content_format, piece.ref, piece.token, piece.names_token});
  by_session_[piece.session].push_back(partial);
  return std::nullopt;
}

Result<std::optional<CompleteBody>, Refusal> PartialBodies::AddNext(TimePoint now, Entry partial,
                                                                    const BodyPiece& piece) {
  const size_t known = partial->body.size();
  if (piece.names_token && (partial->token || partial->names_token) &&
      !SameToken(partial->token, piece.token)) {
    return Failure(Incomplete("This block's access token is not that of the blocks before"));
  }
  if (piece.block.offset() > known) return Failure(Incomplete("Blocks of this body are missing"));
  if (piece.block.offset() < known) return Repeat(*partial, piece);
  if (!piece.payload.empty() && !partial->booking.Grow(now, piece.payload.size())) {
    ++counters_.uploads_evicted;
    Erase(partial);
    return Failure(Unavailable(RefusalReason::kOverload, "No room for the body"));
  }
  Append(partial->body, piece.payload);
  if (!partial->content_format) partial->content_format = piece.content_format;
  partial->last = piece.ref;
  if (piece.names_token && !partial->token && !partial->names_token) {
    partial->token = piece.token;
    partial->names_token = true;
  }
  partial->used = now;
  partial->booking.Use(now);
  partial_.splice(partial_.end(), partial_, partial);
  if (piece.block.more) return std::nullopt;
  CompleteBody complete{std::move(partial->body), std::move(partial->booking),
                        partial->content_format, std::move(partial->token), partial->names_token};
  Erase(partial);
  ++counters_.uploads_completed;
  return complete;
}

Result<std::optional<CompleteBody>, Refusal> PartialBodies::Repeat(const Partial& partial,
                                                                   const BodyPiece& piece) {
  const size_t offset = piece.block.offset();
  const ByteView known(partial.body);
  const bool same = offset + piece.payload.size() <= known.size() &&
                    std::ranges::equal(known.subspan(offset, piece.payload.size()), piece.payload);
  if (!same || !piece.block.more) return Failure(Incomplete("A block overlaps an earlier one"));
  ++counters_.upload_blocks_repeated;
  return std::nullopt;
}

TimePoint PartialBodies::SlotAt(TimePoint now, SessionId session, uint64_t upload) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return now;
  size_t active = 0;
  TimePoint first_quiet = TimePoint::max();
  for (const Entry partial : own->second) {
    const TimePoint quiet = partial->used + kUploadQuiet;
    if (partial->upload == upload || quiet <= now) continue;
    ++active;
    first_quiet = std::min(first_quiet, quiet);
  }
  return active < per_session_max_ ? now : first_quiet;
}

std::optional<PartialBodies::Entry> PartialBodies::Find(SessionId session, uint64_t upload) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  for (const Entry partial : own->second) {
    if (partial->upload == upload) return partial;
  }
  return std::nullopt;
}

void PartialBodies::Erase(Entry partial) {
  const auto own = by_session_.find(partial->session);
  std::erase(own->second, partial);
  if (own->second.empty()) by_session_.erase(own);
  partial_.erase(partial);
}

void PartialBodies::GiveUp(SessionId session, uint64_t upload) {
  const auto found = Find(session, upload);
  if (!found) return;
  ++counters_.uploads_evicted;
  Erase(*found);
}

void PartialBodies::Rebook(SessionId session, const admission::Holder& to) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry partial : own->second) partial->booking.Rebook(to);
}

void PartialBodies::Forget(SessionId session) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry partial : std::vector<Entry>(own->second)) Erase(partial);
}

void PartialBodies::Expire(TimePoint now) {
  while (!partial_.empty() && partial_.front().used + kPartialBodyGap <= now) {
    ++counters_.uploads_abandoned;
    Erase(partial_.begin());
  }
}

std::optional<TimePoint> PartialBodies::NextDeadline() const {
  if (partial_.empty()) return std::nullopt;
  return partial_.front().used + kPartialBodyGap;
}

}  // namespace lowband::edge::request
