#include "services/edge/request/downloads.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace lowband::edge::request {
namespace {

/// The criteria by which a follow-up matches a body, the strongest first.
enum class Sign : uint8_t { kAcknowledges, kCacheKey, kPartOfIt };

bool SameOrLeftOut(std::optional<uint32_t> asked, std::optional<uint32_t> kept) {
  return !asked || asked == kept;
}

/// A request without a payload need not name a format.
bool SameForm(const TransferKey& asked, const TransferKey& kept) {
  return SameOrLeftOut(asked.content_format, kept.content_format) || !kept.content_format;
}

/// A follow-up need not repeat the body of its request (RFC 7959 §3.3).
bool SameBody(const TransferKey& asked, const TransferKey& kept) {
  return asked.body == 0 || asked.body == kept.body;
}

bool SameCacheKey(const TransferKey& asked, const TransferKey& kept) {
  return asked.resource == kept.resource && asked.accept == kept.accept && asked.tag == kept.tag &&
         SameForm(asked, kept) && SameBody(asked, kept);
}

bool Shows(Sign sign, const FollowUp& follow_up, const Download& body) {
  const TransferKey& asked = follow_up.key;
  const TransferKey& kept = body.key;
  switch (sign) {
    case Sign::kAcknowledges:
      return follow_up.acknowledges.value != 0 && body.last_sent == follow_up.acknowledges &&
             asked.path == kept.path;
    case Sign::kCacheKey: return SameCacheKey(asked, kept);
    case Sign::kPartOfIt:
      return asked.method == kept.method && asked.path == kept.path &&
             (asked.queries == 0 || asked.queries == kept.queries) &&
             SameOrLeftOut(asked.accept, kept.accept) &&
             (asked.tag == 0 || asked.tag == kept.tag) && SameForm(asked, kept) &&
             SameBody(asked, kept);
  }
  std::abort();
}

bool IsSmall(const KeptBody& body) { return body.size() <= kSmallDownloadBytes; }
/// Small bodies and bodies by a window use little memory.
bool IsLight(const KeptBody& body) { return body.by_window() || IsSmall(body); }

/// The bytes that are booked; at least one, also for an empty body.
size_t BytesOf(const Download& body) { return std::max<size_t>(1, body.body.bytes_max()); }

Rank RankOf(const Download& body) {
  if (body.observation != 0) return Rank::kNeeded;
  return body.finished ? Rank::kLeftOver : Rank::kPartial;
}

/// The only body with this token: of its last follow-up, or else of its request.
template <class Entry>
std::optional<Entry> ToldByToken(const std::vector<Entry>& shown, const coap::Token& token) {
  const auto only = [&](auto&& fits) -> std::optional<Entry> {
    if (std::ranges::count_if(shown, fits) != 1) return std::nullopt;
    return *std::ranges::find_if(shown, fits);
  };
  if (const auto told = only([&](Entry one) { return one->fetch_token == token; })) return told;
  return only([&](Entry one) { return one->token == token; });
}

}  // namespace

Downloads::Downloads(const Config& config, LedgerShare& large, LedgerShare& small, Random& random,
                     Counters& counters)
    : per_session_max_(config.downloads_per_session_max),
      small_per_session_max_(config.small_downloads_per_session_max),
      large_(large),
      small_(small),
      counters_(counters),
      transfers_(static_cast<uint32_t>(random.Below(1u << (8 * kEntityTagBytes)))) {}

// A window is booked by its own size; for its session, the size of the whole body counts.
std::optional<Downloads::Entry> Downloads::Add(TimePoint now, const admission::Holder& holder,
                                               Download& body) {
  Expire(now);
  DropEarlierOf(body);
  MakeRoomInSession(body);
  LedgerShare& room = IsSmall(body.body) ? small_ : large_;
  body.serial = ++last_serial_;
  body.booking = room.Take(now, holder, {HeldKind::kDownload, body.session, body.serial},
                           BytesOf(body), RankOf(body));
  if (!body.booking) return std::nullopt;
  ++counters_.downloads;
  return Insert(now, body);
}

std::optional<Downloads::Entry> Downloads::Keep(TimePoint now, const admission::Holder& holder,
                                                Download& body) {
  Expire(now);
  if (!HasRoom(AlikeOf(body), body)) return std::nullopt;
  body.finished = true;
  body.serial = ++last_serial_;
  LedgerShare& room = IsSmall(body.body) ? small_ : large_;
  body.booking = room.TakeIfFree(now, holder, {HeldKind::kDownload, body.session, body.serial},
                                 BytesOf(body), RankOf(body));
  if (!body.booking) return std::nullopt;
  return Insert(now, body);
}

Downloads::Entry Downloads::Insert(TimePoint now, Download& body) {
  ++transfers_;
  for (size_t i = 0; i < kEntityTagBytes; ++i) {
    body.entity_tag[i] = static_cast<uint8_t>(transfers_ >> (8 * (kEntityTagBytes - 1 - i)));
  }
  body.used = now;
  const SessionId session = body.session;
  auto& list = ListOf(body);
  const Entry download = list.insert(list.end(), std::move(body));
  by_session_[session].push_back(download);
  if (download->source != 0) by_source_[download->source] = download;
  return download;
}

// The client began the same request anew and will not ask for the rest: with the same token, or
// with a new token for each block, so that it cannot have two at a time.
void Downloads::DropEarlierOf(const Download& body) {
  const auto own = by_session_.find(body.session);
  if (own == by_session_.end()) return;
  for (const Entry download : std::vector<Entry>(own->second)) {
    const bool one_at_a_time = download->observation == 0 && download->fetch_token &&
                               download->fetch_token != download->token &&
                               body.key.body == download->key.body &&
                               SameCacheKey(body.key, download->key);
    const bool same = download->key.resource == body.key.resource && download->token == body.token;
    if (!same && !one_at_a_time) continue;
    if (!download->finished) ++counters_.downloads_abandoned;
    Erase(download);
  }
}

void Downloads::MakeRoomInSession(const Download& body) {
  const auto alike = AlikeOf(body);
  if (HasRoom(alike, body)) return;
  const Entry oldest = LeastRecentlyUsed(alike);
  if (!oldest->finished) ++counters_.downloads_evicted;
  Erase(oldest);
}

std::vector<Downloads::Entry> Downloads::AlikeOf(const Download& body) const {
  std::vector<Entry> alike;
  const auto own = by_session_.find(body.session);
  if (own == by_session_.end()) return alike;
  std::ranges::copy_if(own->second, std::back_inserter(alike), [&](Entry download) {
    return IsLight(download->body) == IsLight(body.body);
  });
  return alike;
}

bool Downloads::HasRoom(const std::vector<Entry>& alike, const Download& body) const {
  return alike.size() < (IsLight(body.body) ? small_per_session_max_ : per_session_max_);
}

Downloads::Entry Downloads::LeastRecentlyUsed(const std::vector<Entry>& own) const {
  return *std::ranges::min_element(own, [](Entry a, Entry b) {
    const auto rank = [](Entry download) {  // the least needed first
      return download->observation != 0 ? 2 : download->finished ? 0 : 1;
    };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->used < b->used;
  });
}

Downloads::Found Downloads::Find(const FollowUp& follow_up) const {
  const auto own = by_session_.find(follow_up.session);
  if (own == by_session_.end()) return {};
  for (const Sign sign : {Sign::kAcknowledges, Sign::kCacheKey, Sign::kPartOfIt}) {
    std::vector<Entry> shown;
    std::ranges::copy_if(own->second, std::back_inserter(shown),
                         [&](Entry download) { return Shows(sign, follow_up, *download); });
    if (shown.empty()) continue;
    if (shown.size() == 1) return {Match::kOne, shown.front()};
    if (const auto told = ToldByToken(shown, follow_up.token)) return {Match::kOne, *told};
    std::erase_if(shown, [](Entry download) { return download->finished; });
    if (shown.size() == 1) return {Match::kOne, shown.front()};
    const bool latest = sign == Sign::kCacheKey && follow_up.key.method == v1::GET;
    return latest && !shown.empty() ? Found{Match::kOne, shown.back()} : Found{Match::kSeveral, {}};
  }
  return {};
}

void Downloads::Served(TimePoint now, Entry download, message::SendId sent, bool last) {
  if (last && !download->finished) ++counters_.downloads_finished;
  auto& from = ListOf(*download);
  // A finished download stays finished: a client that repeats a block has the rest.
  download->finished = download->finished || last;
  auto& to = ListOf(*download);
  download->last_sent = sent;
  download->restarts = 0;
  download->used = now;
  download->booking.Name({HeldKind::kDownload, download->session, download->serial},
                         RankOf(*download));
  download->booking.Use(now);
  to.splice(to.end(), from, download);
}

std::optional<Downloads::Entry> Downloads::FindNotification(SessionId session,
                                                            uint64_t observation) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  for (const Entry download : own->second) {
    if (download->observation == observation) return download;
  }
  return std::nullopt;
}

std::optional<Downloads::Entry> Downloads::FindSent(SessionId session,
                                                    const coap::MessageView& response) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  const auto tag = response.Find(coap::OptionNumber::kETag);
  const auto found = std::ranges::find_if(own->second, [&](Entry download) {
    if (tag && download->head.entity_tag.empty()) {
      return std::ranges::equal(*tag, download->entity_tag);
    }
    // The tag of a version comes from the homeserver: another resource may have the same one.
    const bool asked = download->token == response.token || download->fetch_token == response.token;
    if (tag) return asked && std::ranges::equal(*tag, download->head.entity_tag);
    return download->token == response.token && !download->body.by_window() &&
           std::ranges::equal(response.payload, download->body.kept());
  });
  if (found == own->second.end()) return std::nullopt;
  return *found;
}

void Downloads::Release(SessionId session, uint64_t observation) {
  if (const auto download = FindNotification(session, observation)) Erase(*download);
}

void Downloads::Undelivered(TimePoint now, SessionId session, message::SendId sent) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry download : own->second) {
    if (download->last_sent != sent) continue;
    download->used = now;
    download->booking.Use(now);
    auto& list = ListOf(*download);
    list.splice(list.end(), list, download);
    return;
  }
}

void Downloads::Reject(SessionId session, message::SendId sent) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry download : own->second) {
    if (download->last_sent != sent || download->observation != 0) continue;
    if (!download->finished) ++counters_.downloads_abandoned;
    Erase(download);
    return;
  }
}

void Downloads::GiveUp(SessionId session, uint64_t serial) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  const auto found =
      std::ranges::find(own->second, serial, [](Entry download) { return download->serial; });
  if (found == own->second.end()) return;
  if (!(*found)->finished) ++counters_.downloads_evicted;
  Erase(*found);
}

void Downloads::Rebook(SessionId session, const admission::Holder& to) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry download : own->second) download->booking.Rebook(to);
}

void Downloads::Forget(SessionId session) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry download : std::vector<Entry>(own->second)) Erase(download);
}

void Downloads::Expire(TimePoint now) {
  while (!unfinished_.empty() && unfinished_.front().used + kDownloadLifetime <= now) {
    ++counters_.downloads_abandoned;
    Erase(unfinished_.begin());
  }
  while (!finished_.empty() && finished_.front().used + kFinishedDownloadLifetime <= now) {
    Erase(finished_.begin());
  }
}

std::optional<TimePoint> Downloads::NextDeadline() const {
  std::optional<TimePoint> next;
  if (!unfinished_.empty()) next = unfinished_.front().used + kDownloadLifetime;
  if (!finished_.empty()) next = Earlier(next, finished_.front().used + kFinishedDownloadLifetime);
  return next;
}

std::list<Download>& Downloads::ListOf(const Download& body) {
  if (body.observation != 0) return notifications_;
  return body.finished ? finished_ : unfinished_;
}

std::optional<Downloads::Entry> Downloads::FindSource(ExchangeId source) const {
  const auto it = by_source_.find(source);
  if (it == by_source_.end()) return std::nullopt;
  return it->second;
}

void Downloads::SetSource(Entry download, ExchangeId source) {
  if (download->source != 0) by_source_.erase(download->source);
  if (source != 0) by_source_[source] = download;
  download->source = source;
}

void Downloads::Await(TimePoint now, Entry download, BlockRequest asked) {
  download->awaited.push_back(std::move(asked));
  download->used = now;
  download->booking.Use(now);
  auto& list = ListOf(*download);
  list.splice(list.end(), list, download);
}

void Downloads::Erase(Entry download) {
  if (download->source != 0) leftovers_.sources.push_back(download->source);
  SetSource(download, 0);
  std::ranges::move(download->awaited, std::back_inserter(leftovers_.awaited));
  const auto own = by_session_.find(download->session);
  std::erase(own->second, download);
  if (own->second.empty()) by_session_.erase(own);
  ListOf(*download).erase(download);
}

std::optional<coap::Block> BlockOf(size_t body_bytes, const coap::Block& asked, uint8_t szx_max) {
  if (asked.offset() >= body_bytes) return std::nullopt;
  coap::Block block;
  block.szx = std::min(asked.szx, szx_max);
  block.number = static_cast<uint32_t>(asked.offset() >> (block.szx + 4));
  block.more = block.offset() + block.size() < body_bytes;
  return block;
}

}  // namespace lowband::edge::request
