#include "services/edge/message/session.h"

#include <algorithm>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {

SentConfirmable* Session::FindSent(uint16_t message_id) {
  const auto it = std::ranges::find(sent, message_id, &SentConfirmable::message_id);
  return it == sent.end() ? nullptr : &*it;
}

size_t Session::confirmables() const {
  return static_cast<size_t>(std::ranges::count(sent, false, &SentConfirmable::given_up));
}

uint16_t Session::TakeId(TimePoint now, uint16_t near, Random& random) {
  // Clients count up, so that the IDs half the number space ahead stay free longest.
  if (next_id == 0) next_id = static_cast<uint16_t>(near + 0x4000 + random.Below(0x8000));
  uint16_t id = next_id;
  for (size_t tries = 0; tries <= sent.size(); ++tries) {
    id = heard.FirstFree(now, id).value_or(id);
    if (FindSent(id) == nullptr) break;
    ++id;
  }
  if (id == 0) id = 1;  // every ID is in use: take any
  next_id = static_cast<uint16_t>(id + 1);
  used = now;
  return id;
}

void Session::RenewId(TimePoint now, SentConfirmable& given_up, Random& random) {
  const bool taken = heard.Contains(now, given_up.message_id);
  const bool forgotten = given_up.request != 0 && given_up.since + kExchangeLifetime <= now;
  if (taken || forgotten) given_up.message_id = TakeId(now, given_up.message_id, random);
}

SentConfirmable* Session::MarkGivenUp(TimePoint now, SendId id) {
  const auto it = std::ranges::find(sent, id, &SentConfirmable::id);
  if (it == sent.end()) return nullptr;
  it->given_up = true;
  // The client may receive the last copy now, and remember it from now on.
  it->since = now;
  std::erase_if(sent, [&](const SentConfirmable& each) {
    return each.given_up && each.id != id && each.notification.empty() &&
           each.since + kExchangeLifetime <= now;
  });
  if (sent.size() - confirmables() > kGivenUpPerSessionMax) {
    sent.erase(std::ranges::find(sent, true, &SentConfirmable::given_up));
  }
  const auto kept = std::ranges::find(sent, id, &SentConfirmable::id);
  return kept == sent.end() ? nullptr : &*kept;
}

void Session::Forget(SendId id) {
  const auto it = std::ranges::find(sent, id, &SentConfirmable::id);
  if (it == sent.end()) return;
  it->undelivered = false;
  it->notification.clear();
}

bool Session::IsOver(TimePoint now) const {
  const bool keeps = std::ranges::any_of(
      sent, [](const SentConfirmable& each) { return !each.notification.empty(); });
  return !keeps && requests.empty() && confirmables() == 0 &&
         used + kExchangeLifetime + kIdRunSpan <= now;
}

}  // namespace lowband::edge::message
