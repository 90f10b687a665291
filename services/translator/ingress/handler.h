// The interface to the handler of complete requests.
//
// Threading: see each function. Ownership: the handler outlives the ingress.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "libs/base/bytes.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/ingress/exchange_answer.h"

namespace lowband::translator::ingress {

/// Identifies an exchange among those of all lanes; never used twice.
struct ExchangeKey {
  uint64_t lane = 0;
  uint64_t exchange = 0;
  friend bool operator==(const ExchangeKey&, const ExchangeKey&) = default;
};

/// The form in which the edge wants an answer.
struct AnswerTerms {
  size_t window = 0;  ///< Request.answer_window.
  size_t from = 0;    ///< Request.answer_from.
};

/// Why the ingress does not take a request.
enum class Refused : uint8_t {
  kOverload,      ///< Too many requests are under way. HTTP 503.
  kBodyTooLarge,  ///< HTTP 413.
};

/// The receiver of the answer of one exchange.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void Observable(uint64_t exchange) = 0;
  virtual void Answer(uint64_t exchange, ExchangeAnswer answer) = 0;
};

/// Answers one exchange. Any thread; only the first call has an effect, and none after the exchange
/// was cancelled or its lane has died. Copies answer the same exchange.
class Respond {
 public:
  Respond(std::weak_ptr<AnswerSink> sink, uint64_t exchange)
      : sink_(std::move(sink)), exchange_(exchange) {}
  /// Tells the edge that the path can be observed; once, and before the answer, which then has a
  /// poll. Any thread; no effect under the conditions of operator().
  void Observable() const {
    if (const auto sink = sink_.lock()) sink->Observable(exchange_);
  }
  void operator()(ExchangeAnswer answer) const {
    if (const auto sink = sink_.lock()) sink->Answer(exchange_, std::move(answer));
  }

 private:
  std::weak_ptr<AnswerSink> sink_;
  uint64_t exchange_;
};

class Handler {
 public:
  virtual ~Handler() = default;
  /// A whole request. Called on gRPC's threads, several at once; must not block. `respond` may be
  /// called from within.
  virtual void Start(ExchangeKey key, v1::Request request, Respond respond) = 0;
  /// The answer is no longer wanted. Keys that are unknown or answered are ignored: the answer may
  /// have crossed the cancel. Called on gRPC's threads, after Start has returned or while it runs,
  /// and more than once.
  virtual void Cancel(ExchangeKey key) = 0;
  /// The answer to a refused request; `request` may lack its body. Any thread.
  virtual ExchangeAnswer Refuse(const v1::Request& request, Refused reason) = 0;
};

}  // namespace lowband::translator::ingress

template <>
struct std::hash<lowband::translator::ingress::ExchangeKey> {
  size_t operator()(const lowband::translator::ingress::ExchangeKey& key) const noexcept {
    // Both count up; an odd multiplier spreads them over all bits.
    return std::hash<uint64_t>()(key.exchange + key.lane * 0x9e3779b97f4a7c15ULL);
  }
};
