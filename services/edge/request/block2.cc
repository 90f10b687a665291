#include "services/edge/request/block2.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace lowband::edge::request {
namespace {

/// What a follow-up and the body that it means have in common, the surest first.
enum class Sign : uint8_t { kAcknowledges, kCacheKey, kPartOfIt };

bool SameOrLeftOut(std::optional<uint32_t> asked, std::optional<uint32_t> kept) {
  return !asked || asked == kept;
}

/// Where the one or the other had no payload, it said nothing of its format.
bool SameForm(const TransferKey& asked, const TransferKey& kept) {
  return SameOrLeftOut(asked.content_format, kept.content_format) || !kept.content_format;
}

bool SameCacheKey(const TransferKey& asked, const TransferKey& kept) {
  return asked.resource == kept.resource && asked.accept == kept.accept && asked.tag == kept.tag &&
         SameForm(asked, kept);
}

bool Shows(Sign sign, const FollowUp& follow_up, const PinnedBody& body) {
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
             (asked.tag == 0 || asked.tag == kept.tag) && SameForm(asked, kept);
  }
  std::abort();
}

bool IsSmall(const KeptBody& body) { return body.size() <= kPinnedSmallBytes; }
/// Of a small one and of one by a window little is kept.
bool IsLight(const KeptBody& body) { return body.by_window() || IsSmall(body); }

/// What it is booked for: something, be it empty.
size_t BytesOf(const PinnedBody& body) { return std::max<size_t>(1, body.body.bytes_max()); }

Rank RankOf(const PinnedBody& body) {
  if (body.observation != 0) return Rank::kNeeded;
  return body.finished ? Rank::kLeftOver : Rank::kPartial;
}

/// The only one of the token: that of its follow-up before, or else of its request.
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

PinnedBodies::PinnedBodies(const Config& config, LedgerShare& large, LedgerShare& small,
                           Random& random, Counters& counters)
    : per_session_max_(config.pinned_per_session_max),
      small_per_session_max_(config.pinned_small_per_session_max),
      large_(large),
      small_(small),
      counters_(counters),
      transfers_(static_cast<uint32_t>(random.Below(1u << (8 * kEntityTagBytes)))) {}

// A window costs what it keeps; to its session it is the download that it is a part of.
std::optional<PinnedBodies::Entry> PinnedBodies::Pin(TimePoint now, const admission::Holder& holder,
                                                     PinnedBody& body) {
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

std::optional<PinnedBodies::Entry> PinnedBodies::Keep(TimePoint now,
                                                      const admission::Holder& holder,
                                                      PinnedBody& body) {
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

PinnedBodies::Entry PinnedBodies::Insert(TimePoint now, PinnedBody& body) {
  ++transfers_;
  for (size_t i = 0; i < kEntityTagBytes; ++i) {
    body.entity_tag[i] = static_cast<uint8_t>(transfers_ >> (8 * (kEntityTagBytes - 1 - i)));
  }
  body.used = now;
  const SessionId session = body.session;
  auto& list = ListOf(body);
  const Entry pinned = list.insert(list.end(), std::move(body));
  by_session_[session].push_back(pinned);
  if (pinned->source != 0) by_source_[pinned->source] = pinned;
  return pinned;
}

// The client began the same anew: nobody will ask for the rest. That is so under the same token,
// and where it takes a new token for each block, which leaves it no way to have two at a time.
void PinnedBodies::DropEarlierOf(const PinnedBody& body) {
  const auto own = by_session_.find(body.session);
  if (own == by_session_.end()) return;
  for (const Entry pinned : std::vector<Entry>(own->second)) {
    const bool one_at_a_time = pinned->observation == 0 && pinned->fetch_token &&
                               pinned->fetch_token != pinned->token &&
                               SameCacheKey(body.key, pinned->key);
    const bool same = pinned->key.resource == body.key.resource && pinned->token == body.token;
    if (!same && !one_at_a_time) continue;
    if (!pinned->finished) ++counters_.downloads_abandoned;
    Erase(pinned);
  }
}

void PinnedBodies::MakeRoomInSession(const PinnedBody& body) {
  const auto alike = AlikeOf(body);
  if (HasRoom(alike, body)) return;
  const Entry oldest = LeastRecentlyUsed(alike);
  if (!oldest->finished) ++counters_.downloads_evicted;
  Erase(oldest);
}

std::vector<PinnedBodies::Entry> PinnedBodies::AlikeOf(const PinnedBody& body) const {
  std::vector<Entry> alike;
  const auto own = by_session_.find(body.session);
  if (own == by_session_.end()) return alike;
  std::ranges::copy_if(own->second, std::back_inserter(alike),
                       [&](Entry pinned) { return IsLight(pinned->body) == IsLight(body.body); });
  return alike;
}

bool PinnedBodies::HasRoom(const std::vector<Entry>& alike, const PinnedBody& body) const {
  return alike.size() < (IsLight(body.body) ? small_per_session_max_ : per_session_max_);
}

PinnedBodies::Entry PinnedBodies::LeastRecentlyUsed(const std::vector<Entry>& own) const {
  return *std::ranges::min_element(own, [](Entry a, Entry b) {
    const auto rank = [](Entry pinned) {  // what is missed least goes first
      return pinned->observation != 0 ? 2 : pinned->finished ? 0 : 1;
    };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->used < b->used;
  });
}

PinnedBodies::Found PinnedBodies::Find(const FollowUp& follow_up) const {
  const auto own = by_session_.find(follow_up.session);
  if (own == by_session_.end()) return {};
  for (const Sign sign : {Sign::kAcknowledges, Sign::kCacheKey, Sign::kPartOfIt}) {
    std::vector<Entry> shown;
    std::ranges::copy_if(own->second, std::back_inserter(shown),
                         [&](Entry pinned) { return Shows(sign, follow_up, *pinned); });
    if (shown.empty()) continue;
    if (shown.size() == 1) return {Match::kOne, shown.front()};
    if (const auto told = ToldByToken(shown, follow_up.token)) return {Match::kOne, *told};
    std::erase_if(shown, [](Entry pinned) { return pinned->finished; });
    if (shown.size() == 1) return {Match::kOne, shown.front()};
    const bool latest = sign == Sign::kCacheKey && follow_up.key.method == v1::GET;
    return latest && !shown.empty() ? Found{Match::kOne, shown.back()} : Found{Match::kSeveral, {}};
  }
  return {};
}

void PinnedBodies::Served(TimePoint now, Entry pinned, message::SendId sent, bool last) {
  if (last && !pinned->finished) ++counters_.downloads_finished;
  auto& from = ListOf(*pinned);
  // One that was finished stays so: a client that fetches a block again has the rest.
  pinned->finished = pinned->finished || last;
  auto& to = ListOf(*pinned);
  pinned->last_sent = sent;
  pinned->restarts = 0;
  pinned->used = now;
  pinned->booking.Name({HeldKind::kDownload, pinned->session, pinned->serial}, RankOf(*pinned));
  pinned->booking.Use(now);
  to.splice(to.end(), from, pinned);
}

std::optional<PinnedBodies::Entry> PinnedBodies::FindNotification(SessionId session,
                                                                  uint64_t observation) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  for (const Entry pinned : own->second) {
    if (pinned->observation == observation) return pinned;
  }
  return std::nullopt;
}

std::optional<PinnedBodies::Entry> PinnedBodies::FindSent(SessionId session,
                                                          const coap::MessageView& response) const {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return std::nullopt;
  const auto tag = response.Find(coap::OptionNumber::kETag);
  const auto found = std::ranges::find_if(own->second, [&](Entry pinned) {
    if (tag && pinned->head.entity_tag.empty()) {
      return std::ranges::equal(*tag, pinned->entity_tag);
    }
    // A version's tag is its homeserver's: another resource may have the same.
    const bool asked = pinned->token == response.token || pinned->fetch_token == response.token;
    if (tag) return asked && std::ranges::equal(*tag, pinned->head.entity_tag);
    return pinned->token == response.token && !pinned->body.by_window() &&
           std::ranges::equal(response.payload, pinned->body.kept());
  });
  if (found == own->second.end()) return std::nullopt;
  return *found;
}

void PinnedBodies::Release(SessionId session, uint64_t observation) {
  if (const auto pinned = FindNotification(session, observation)) Erase(*pinned);
}

void PinnedBodies::Undelivered(TimePoint now, SessionId session, message::SendId sent) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry pinned : own->second) {
    if (pinned->last_sent != sent) continue;
    pinned->used = now;
    pinned->booking.Use(now);
    auto& list = ListOf(*pinned);
    list.splice(list.end(), list, pinned);
    return;
  }
}

void PinnedBodies::Reject(SessionId session, message::SendId sent) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry pinned : own->second) {
    if (pinned->last_sent != sent || pinned->observation != 0) continue;
    if (!pinned->finished) ++counters_.downloads_abandoned;
    Erase(pinned);
    return;
  }
}

void PinnedBodies::GiveUp(SessionId session, uint64_t serial) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  const auto found =
      std::ranges::find(own->second, serial, [](Entry pinned) { return pinned->serial; });
  if (found == own->second.end()) return;
  if (!(*found)->finished) ++counters_.downloads_evicted;
  Erase(*found);
}

void PinnedBodies::Rebook(SessionId session, const admission::Holder& to) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry pinned : own->second) pinned->booking.Rebook(to);
}

void PinnedBodies::Forget(SessionId session) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return;
  for (const Entry pinned : std::vector<Entry>(own->second)) Erase(pinned);
}

void PinnedBodies::Expire(TimePoint now) {
  while (!unfinished_.empty() && unfinished_.front().used + kPinnedLifetime <= now) {
    ++counters_.downloads_abandoned;
    Erase(unfinished_.begin());
  }
  while (!finished_.empty() && finished_.front().used + kPinnedFinishedLifetime <= now) {
    Erase(finished_.begin());
  }
}

std::optional<TimePoint> PinnedBodies::NextDeadline() const {
  std::optional<TimePoint> next;
  if (!unfinished_.empty()) next = unfinished_.front().used + kPinnedLifetime;
  if (!finished_.empty()) next = Earlier(next, finished_.front().used + kPinnedFinishedLifetime);
  return next;
}

std::list<PinnedBody>& PinnedBodies::ListOf(const PinnedBody& body) {
  if (body.observation != 0) return notifications_;
  return body.finished ? finished_ : unfinished_;
}

std::optional<PinnedBodies::Entry> PinnedBodies::FindSource(ExchangeId source) const {
  const auto it = by_source_.find(source);
  if (it == by_source_.end()) return std::nullopt;
  return it->second;
}

void PinnedBodies::SetSource(Entry pinned, ExchangeId source) {
  if (pinned->source != 0) by_source_.erase(pinned->source);
  if (source != 0) by_source_[source] = pinned;
  pinned->source = source;
}

void PinnedBodies::Await(TimePoint now, Entry pinned, BlockRequest asked) {
  pinned->awaited.push_back(std::move(asked));
  pinned->used = now;
  pinned->booking.Use(now);
  auto& list = ListOf(*pinned);
  list.splice(list.end(), list, pinned);
}

void PinnedBodies::Erase(Entry pinned) {
  if (pinned->source != 0) leftovers_.sources.push_back(pinned->source);
  SetSource(pinned, 0);
  std::ranges::move(pinned->awaited, std::back_inserter(leftovers_.awaited));
  const auto own = by_session_.find(pinned->session);
  std::erase(own->second, pinned);
  if (own->second.empty()) by_session_.erase(own);
  ListOf(*pinned).erase(pinned);
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
