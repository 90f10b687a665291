// The requests of one lane whose bodies come in pieces.
//
// Threading: one at a time (the lane's lock). Ownership: the budget outlives the assembly. Limits:
// limits.h. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "libs/base/budget.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/ingress/counters.h"

namespace lowband::translator::ingress {

class RequestAssembly {
 public:
  enum class Progress : uint8_t {
    kMore,      ///< Not complete yet.
    kWhole,     ///< Take() it.
    kTooLarge,  ///< Over the limit of one body; Take() the part that came.
    kOverload,  ///< Over the limit of all bodies; Take() the part that came.
    kUnknown,   ///< Its exchange is over or never existed.
  };

  RequestAssembly(size_t body_bytes_max, Budget& budget)
      : body_bytes_max_(body_bytes_max), budget_(budget) {}
  ~RequestAssembly() { Clear(); }
  RequestAssembly(const RequestAssembly&) = delete;
  RequestAssembly& operator=(const RequestAssembly&) = delete;

  /// The head and first piece of a request.
  Progress Add(uint64_t exchange, v1::Request request);
  /// A further piece.
  Progress Add(uint64_t exchange, const v1::BodyChunk& chunk);
  /// Takes the request out, with as much of its body as came.
  v1::Request Take(uint64_t exchange);
  /// False if there is no such request.
  bool Remove(uint64_t exchange);
  void Clear();

  bool Contains(uint64_t exchange) const { return partials_.contains(exchange); }

 private:
  const size_t body_bytes_max_;
  Budget& budget_;
  struct Partial {
    v1::Request request;
    size_t charged_bytes = 0;
  };
  std::unordered_map<uint64_t, Partial> partials_;
};

}  // namespace lowband::translator::ingress
