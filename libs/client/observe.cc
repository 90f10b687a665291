// A session's observations.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "libs/client/limits.h"
#include "libs/client/options.h"
#include "libs/client/session.h"
#include "libs/coap/block.h"

namespace lowband::client {

using coap::MessageView;
using coap::OptionNumber;

std::string_view Text(ObservationEnd reason) {
  switch (reason) {
    case ObservationEnd::kServer: return "the server ended the observation";
    case ObservationEnd::kBlockwise: return "the rest of a notification could not be fetched";
    case ObservationEnd::kCancelled: return "the observation was cancelled";
    case ObservationEnd::kClosed: return "the connection was closed";
  }
  std::abort();
}

RequestId Session::Observe(TimePoint now, Request request) {
  if (observations_.size() >= kObservationsMax) {
    events_.push_back(RequestFailed{next_id_, Failure::kExhausted});
    return next_id_++;
  }
  // A body names a part of the resource, but requests for later blocks leave it out: the tag tells
  // them from those of another observation of this path (RFC 9175 §3). Three bytes: the tags of
  // uploads are shorter.
  if (!request.body.empty() && FindOption(request.options, OptionNumber::kRequestTag) == nullptr) {
    const auto byte = [this](int shift) { return static_cast<uint8_t>(next_id_ >> shift); };
    request.options.push_back({OptionNumber::kRequestTag, Bytes{byte(16), byte(8), byte(0)}});
  }
  Request registration = request;
  registration.options.push_back(UintOption(OptionNumber::kObserve, 0));
  const RequestId id = Send(now, std::move(registration));
  if (const auto it = requests_.find(id); it != requests_.end()) {
    observations_.emplace(id, Observation(request, it->second.token()));
  }
  return id;
}

void Session::Unobserve(TimePoint now, RequestId id) {
  const auto it = observations_.find(id);
  if (it == observations_.end() || it->second.cancelling()) return;
  Observation& observation = it->second;
  AbandonFetch(observation);
  // The registration, if it is still under way: the cancellation has its token.
  if (requests_.erase(id) > 0 && introducer_ == id) introducer_.reset();
  messages_.Forget(id);
  answer_deadlines_.Cancel(id);
  const bool sent =
      state_ == State::kReady && messages_.SendConfirmable(now, id, observation.Cancel());
  if (!sent) EndObservation(id, ObservationEnd::kCancelled);
  Flush(now);
}

bool Session::OnObserved(TimePoint now, RequestId id, const MessageView& message) {
  Observation& observation = observations_.at(id);
  switch (observation.OnMessage(now, message, messages_.Unacknowledged(id))) {
    case Observation::Verdict::kOrdinary: return false;
    case Observation::Verdict::kEarly: messages_.Overlook(now, message); return true;
    case Observation::Verdict::kUnwanted: messages_.Reject(now, message); return true;
    case Observation::Verdict::kStale: messages_.Acknowledge(now, message); return true;
    case Observation::Verdict::kRepresentation:
      messages_.Acknowledge(now, message);
      OnRepresentation(now, id, message);
      return true;
    case Observation::Verdict::kLast:
      messages_.Acknowledge(now, message);
      OnLast(id, message);
      return true;
    case Observation::Verdict::kCancelled:
      messages_.Acknowledge(now, message);
      EndObservation(id, ObservationEnd::kCancelled);
      return true;
  }
  std::abort();
}

void Session::OnRepresentation(TimePoint now, RequestId id, const MessageView& message) {
  Observation& observation = observations_.at(id);
  // The registration is over, but its token stays in use; and only the newest body counts
  // (RFC 7959 §2.6).
  requests_.erase(id);
  messages_.Forget(id);
  answer_deadlines_.Cancel(id);
  AbandonFetch(observation);
  Transfer transfer(observation.rest(), observation.token(), path_.szx(),
                    config_.response_bytes_max);
  const auto step = transfer.OnResponse(message);
  if (step == Transfer::Step::kDone) {
    DeliverObserved(id, transfer.TakeResponse());
    return;
  }
  const RequestId fetch = next_id_++;
  observation.fetch = fetch;
  const auto token = step == Transfer::Step::kSendNext ? tokens_.Take(fetch) : std::nullopt;
  if (!token) {
    FailFetch(fetch, id, Failure::kBlockwise);
    return;
  }
  transfer.SetToken(*token);
  requests_.emplace(fetch, std::move(transfer));
  SendNext(now, fetch);
}

void Session::OnLast(RequestId id, const MessageView& message) {
  Transfer transfer(observations_.at(id).rest(), message.token, path_.szx(),
                    config_.response_bytes_max);
  Response last;
  // Of a body that is too large for a message only the first block can be used: the rest cannot be
  // requested.
  if (transfer.OnResponse(message) == Transfer::Step::kDone) {
    last = transfer.TakeResponse();
  } else {
    last.code = message.code;
    last.body.assign(message.payload.begin(), message.payload.end());
  }
  last.id = id;
  if (!observations_.at(id).answered) {
    EraseObservation(id);
    events_.push_back(std::move(last));
    return;
  }
  const uint32_t number = observations_.at(id).number();
  events_.push_back(
      Notification{id, last.code, std::move(last.options), std::move(last.body), number});
  EndObservation(id, ObservationEnd::kServer);
}

void Session::DeliverObserved(RequestId id, Response response) {
  Observation& observation = observations_.at(id);
  observation.fetch.reset();
  // The last of several blocks does not have it.
  if (FindOption(response.options, OptionNumber::kObserve) == nullptr) {
    response.options.push_back(UintOption(OptionNumber::kObserve, observation.number()));
    std::ranges::stable_sort(response.options, {}, &OutgoingOption::number);
  }
  response.id = id;
  if (!std::exchange(observation.answered, true)) {
    events_.push_back(std::move(response));
    return;
  }
  events_.push_back(Notification{id, response.code, std::move(response.options),
                                 std::move(response.body), observation.number()});
}

void Session::EndObservation(RequestId id, ObservationEnd reason) {
  EraseObservation(id);
  events_.push_back(ObservationEnded{id, reason});
}

void Session::EraseObservation(RequestId id) {
  const auto it = observations_.find(id);
  AbandonFetch(it->second);
  // Notifications may still come, so no other request gets this token.
  tokens_.Release(it->second.token(), false);
  messages_.Forget(id);
  answer_deadlines_.Cancel(id);
  observations_.erase(it);
}

void Session::AbandonFetch(Observation& observation) {
  const auto fetch = std::exchange(observation.fetch, std::nullopt);
  if (fetch && requests_.contains(*fetch)) End(*fetch, false);
}

std::optional<RequestId> Session::FetchedBy(RequestId fetch) const {
  for (const auto& [id, observation] : observations_) {
    if (observation.fetch == fetch) return id;
  }
  return std::nullopt;
}

void Session::FailFetch(RequestId fetch, RequestId id, Failure failure) {
  if (requests_.contains(fetch)) End(fetch, false);
  observations_.at(id).fetch.reset();
  if (!observations_.at(id).answered) {
    EraseObservation(id);
    events_.push_back(RequestFailed{id, failure});
    return;
  }
  const bool closed = failure == Failure::kClosed;
  EndObservation(id, closed ? ObservationEnd::kClosed : ObservationEnd::kBlockwise);
}

}  // namespace lowband::client
