#include "libs/client/observation.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "libs/client/limits.h"
#include "libs/client/options.h"
#include "libs/coap/block.h"

namespace lowband::client {
namespace {

using coap::MessageView;
using coap::OptionNumber;

constexpr uint32_t kNumberMask = (1u << 24) - 1;
constexpr uint32_t kHalfOfNumbers = 1u << 23;
constexpr uint32_t kDeregister = 1;

// The others concern the session (MSC3079: token and key table stay in force), or one answer.
constexpr std::array kNamesTheResource = {
    OptionNumber::kUriHost,       OptionNumber::kUriPort,  OptionNumber::kUriPath,
    OptionNumber::kContentFormat, OptionNumber::kUriQuery, OptionNumber::kAccept,
    OptionNumber::kRequestTag,
};

}  // namespace

bool IsNewer(uint32_t number, TimePoint now, uint32_t last, TimePoint last_at) {
  if (now > last_at + kNotificationOrderLifetime) return true;
  const uint32_t ahead = (number - last) & kNumberMask;
  return ahead != 0 && ahead < kHalfOfNumbers;
}

Observation::Observation(const Request& request, const coap::Token& token)
    : body_(request.body), token_(token) {
  rest_.method = request.method;
  for (const OutgoingOption& option : request.options) {
    const bool keep =
        std::ranges::find(kNamesTheResource, option.number) != kNamesTheResource.end();
    if (keep) rest_.options.push_back(option);
  }
}

Observation::Verdict Observation::OnMessage(TimePoint now, const MessageView& message,
                                            bool unacknowledged) {
  const auto observe = message.FindUint(OptionNumber::kObserve);
  const bool on_acknowledgement = message.type == coap::Type::kAcknowledgement;
  const bool notifies = observe && message.code.cls() == 2;
  switch (state_) {
    case State::kRegistering:
      if (!notifies) return Verdict::kOrdinary;
      // It may be the second result, if the first was on a lost acknowledgement. To accept it would
      // stop the retransmissions that bring the first (RFC 7641 allows to skip one, Matrix does
      // not).
      if (unacknowledged && !on_acknowledgement) return Verdict::kEarly;
      state_ = State::kObserving;
      break;
    case State::kObserving:
      if (!notifies) return Verdict::kLast;
      if (!IsNewer(*observe & kNumberMask, now, number_, number_at_)) return Verdict::kStale;
      break;
    case State::kCancelling:
      return observe && !on_acknowledgement ? Verdict::kUnwanted : Verdict::kCancelled;
  }
  number_ = *observe & kNumberMask;
  number_at_ = now;
  return Verdict::kRepresentation;
}

Bytes Observation::Cancel() {
  state_ = State::kCancelling;
  std::vector<OutgoingOption> options = rest_.options;
  options.push_back(UintOption(OptionNumber::kObserve, kDeregister));
  std::ranges::stable_sort(options, {}, &OutgoingOption::number);
  coap::MessageWriter writer(coap::Type::kConfirmable, rest_.method, 0, token_);
  for (const OutgoingOption& option : options) writer.Option(option.number, option.value);
  const bool fits = body_.size() <= coap::Block{0, false, kBlockSzxMax}.size();
  return writer.Finish(fits ? ByteView(body_) : ByteView());
}

}  // namespace lowband::client
