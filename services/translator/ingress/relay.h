// The interfaces between the ingress and the handler of relayed HTTP transfers.
//
// Both directions go piece by piece, and each piece must be requested: by BodyWanted() for one of
// the request, by Taken() for one of the answer.
//
// Threading: see each class. Ownership: the handler outlives the ingress; the ingress shares a
// relay until its call has ended, the relay holds its sink weakly.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/result.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::translator::ingress {

/// The receiver of the answer of one transfer. Any thread; must not be called after End.
class RelaySink {
 public:
  virtual ~RelaySink() = default;
  /// Requests one piece of the body, or its end.
  virtual void BodyWanted() = 0;
  virtual void Proceed() = 0;
  virtual void Head(v1::RelayResponse head) = 0;
  /// At most contract::kChunkBytesMax. No other call before Taken().
  virtual void Data(std::string data) = 0;
  /// `whole`: the answer is complete; else it broke off. May follow Data at once.
  virtual void End(bool whole) = 0;
};

/// One transfer. Called on any thread, one call at a time except Taken; must not block. Only Taken
/// may call the sink from within.
class Relay {
 public:
  virtual ~Relay() = default;
  /// The sink may be called from now on.
  virtual void Begin() = 0;
  /// One for each BodyWanted.
  virtual void Body(std::string piece) = 0;
  virtual void BodyEnd() = 0;
  virtual void Taken() = 0;
  /// The edge cancelled it or violated the contract. May come more than once, and after End.
  virtual void Cancel() = 0;
};

/// An answer that needs no transfer. The body is at most contract::kChunkBytesMax.
struct RelayOwnAnswer {
  v1::RelayResponse head;
  std::string body;
};

class RelayHandler {
 public:
  virtual ~RelayHandler() = default;
  /// The answer to `request` if it needs no transfer. Called as Make.
  virtual std::optional<RelayOwnAnswer> AnswerAtOnce(const v1::RelayRequest& request) = 0;
  /// A transfer that has not begun; or the fault of the request, for the edge's log. Called on
  /// gRPC's threads, several at once.
  virtual Result<std::shared_ptr<Relay>, std::string> Make(v1::RelayRequest request,
                                                           std::weak_ptr<RelaySink> sink) = 0;
};

}  // namespace lowband::translator::ingress
