#include "services/translator/ingress/request_assembly.h"

#include <utility>

#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {

RequestAssembly::Progress RequestAssembly::Add(uint64_t exchange, v1::Request request) {
  const auto [it, inserted] = partials_.try_emplace(exchange);
  // An id used twice violates the contract; the first request stays.
  if (!inserted) return Progress::kUnknown;
  Partial& partial = it->second;
  partial.request = std::move(request);
  const v1::Request& head = partial.request;
  if (head.body().size() > body_bytes_max_) return Progress::kTooLarge;
  if (!head.more()) return Progress::kWhole;
  if (partials_.size() > kPartialsPerLaneMax || !budget_.Take(head.body().size())) {
    return Progress::kOverload;
  }
  partial.charged_bytes = head.body().size();
  return Progress::kMore;
}

RequestAssembly::Progress RequestAssembly::Add(uint64_t exchange, const v1::BodyChunk& chunk) {
  const auto it = partials_.find(exchange);
  if (it == partials_.end()) return Progress::kUnknown;
  Partial& partial = it->second;
  const size_t size = chunk.data().size();
  if (size > body_bytes_max_ - partial.request.body().size()) return Progress::kTooLarge;
  if (!budget_.Take(size)) return Progress::kOverload;
  partial.charged_bytes += size;
  partial.request.mutable_body()->append(chunk.data());
  return chunk.more() ? Progress::kMore : Progress::kWhole;
}

v1::Request RequestAssembly::Take(uint64_t exchange) {
  auto node = partials_.extract(exchange);
  if (node.empty()) return {};
  budget_.Return(node.mapped().charged_bytes);
  v1::Request request = std::move(node.mapped().request);
  request.set_more(false);
  return request;
}

bool RequestAssembly::Remove(uint64_t exchange) {
  const auto it = partials_.find(exchange);
  if (it == partials_.end()) return false;
  budget_.Return(it->second.charged_bytes);
  partials_.erase(it);
  return true;
}

void RequestAssembly::Clear() {
  for (const auto& [exchange, partial] : partials_) budget_.Return(partial.charged_bytes);
  partials_.clear();
}

}  // namespace lowband::translator::ingress
