#include "services/edge/request/uploads.h"

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

Uploads::Uploads(const Config& config, LedgerShare& large, LedgerShare& small, Counters& counters)
    : body_bytes_max_(config.request_body_bytes_max),
      per_session_max_(config.uploads_per_session_max),
      large_(large),
      small_(small),
      counters_(counters) {}

Result<std::optional<UploadedBody>, Refusal> Uploads::Add(TimePoint now, const UploadBlock& piece) {
  Expire(now);
  const std::optional<Entry> found = Find(piece.session, piece.key);
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
  if (!found || ends) return Failure(Incomplete("Earlier blocks of this body are missing"));
  return AddNext(now, *found, piece);
}

bool Uploads::IsTooSlow(TimePoint now, Upload& upload) {
  if (now - upload.measured < kUploadProgressTime) return false;
  if (upload.body.size() - upload.measured_size < kUploadProgressBytes) return true;
  upload.measured = now;
  upload.measured_size = upload.body.size();
  return false;
}

std::optional<message::RequestRef> Uploads::Before(const UploadBlock& piece) const {
  const auto found = Find(piece.session, piece.key);
  if (!found || piece.block.number == 0) return std::nullopt;
  if (piece.block.offset() != (*found)->body.size()) return std::nullopt;
  return (*found)->last;
}

std::optional<Refusal> Uploads::Check(const UploadBlock& piece) const {
  const size_t size = piece.payload.size();
  if (size > piece.block.size() || (piece.block.more && size < piece.block.size())) {
    // RFC 7959 §2.3: every block except the last has its full size.
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

Result<std::optional<UploadedBody>, Refusal> Uploads::AddFirst(TimePoint now,
                                                               const UploadBlock& piece) {
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
                  .Take(now, piece.holder, {HeldKind::kUpload, piece.session, piece.key},
                        body.size(), Rank::kPartial);
    if (!booking) return Failure(Unavailable(RefusalReason::kOverload, "No room for the body"));
  }
  if (!piece.block.more) {
    return UploadedBody{std::move(body), std::move(booking), piece.content_format, piece.token,
                        piece.names_token};
  }
  const Entry upload =
      uploads_.insert(uploads_.end(), Upload{piece.session, piece.key, now, 0, now, std::move(body),
                                             std::move(booking), piece.content_format, piece.ref,
                                             piece.token, piece.names_token});
  by_session_[piece.session].push_back(upload);
  return std::nullopt;
}

Result<std::optional<UploadedBody>, Refusal> Uploads::AddNext(TimePoint now, Entry upload,
                                                              const UploadBlock& piece) {
  const size_t known = upload->body.size();
  if (piece.names_token && (upload->token || upload->names_token) &&
      !SameToken(upload->token, piece.token)) {
    return Failure(Incomplete("This block has another access token than earlier blocks"));
  }
  if (piece.block.offset() > known) return Failure(Incomplete("Blocks of this body are missing"));
  if (piece.block.offset() < known) return Repeat(*upload, piece);
  if (!piece.payload.empty() && !upload->booking.Grow(now, piece.payload.size())) {
    ++counters_.uploads_evicted;
    Erase(upload);
    return Failure(Unavailable(RefusalReason::kOverload, "No room for the body"));
  }
  Append(upload->body, piece.payload);
  if (!upload->content_format) upload->content_format = piece.content_format;
  upload->last = piece.ref;
  if (piece.names_token && !upload->token && !upload->names_token) {
    upload->token = piece.token;
    upload->names_token = true;
  }
  upload->used = now;
  upload->booking.Use(now);
  uploads_.splice(uploads_.end(), uploads_, upload);
  if (piece.block.more) return std::nullopt;
  UploadedBody complete{std::move(upload->body), std::move(upload->booking), upload->content_format,
                        std::move(upload->token), upload->names_token};
  Erase(upload);
  ++counters_.uploads_completed;
  return complete;
}

Result<std::optional<UploadedBody>, Refusal> Uploads::Repeat(const Upload& upload,
                                                             const UploadBlock& piece) {
  const size_t offset = piece.block.offset();
  const ByteView known(upload.body);
  const bool same = offset + piece.payload.size() <= known.size() &&
                    std::ranges::equal(known.subspan(offset, piece.payload.size()), piece.payload);
  if (!same || !piece.block.more) return Failure(Incomplete("A block overlaps an earlier one"));
  ++counters_.upload_blocks_repeated;
  return std::nullopt;
}

TimePoint Uploads::SlotAt(TimePoint now, SessionId session, uint64_t key) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return now;
  size_t active = 0;
  TimePoint first_quiet = TimePoint::max();
  for (const Entry upload : own->second) {
    const TimePoint quiet = upload->used + kUploadQuiet;
    if (upload->key == key || quiet <= now) continue;
    ++active;
    first_quiet = std::min(first_quiet, quiet);
  }
  return active < per_session_max_ ? now : first_quiet;
}

std::optional<Uploads::Entry> Uploads::Find(SessionId session, uint64_t key) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  for (const Entry upload : own->second) {
    if (upload->key == key) return upload;
  }
  return std::nullopt;
}

void Uploads::Erase(Entry upload) {
  const auto own = by_session_.find(upload->session);
  std::erase(own->second, upload);
  if (own->second.empty()) by_session_.erase(own);
  uploads_.erase(upload);
}

void Uploads::GiveUp(SessionId session, uint64_t key) {
  const auto found = Find(session, key);
  if (!found) return;
  ++counters_.uploads_evicted;
  Erase(*found);
}

void Uploads::Rebook(SessionId session, const admission::Holder& to) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry upload : own->second) upload->booking.Rebook(to);
}

void Uploads::Forget(SessionId session) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry upload : std::vector<Entry>(own->second)) Erase(upload);
}

void Uploads::Expire(TimePoint now) {
  while (!uploads_.empty() && uploads_.front().used + kUploadGap <= now) {
    ++counters_.uploads_abandoned;
    Erase(uploads_.begin());
  }
}

std::optional<TimePoint> Uploads::NextDeadline() const {
  if (uploads_.empty()) return std::nullopt;
  return uploads_.front().used + kUploadGap;
}

}  // namespace lowband::edge::request
