// Who carries relayed HTTP transfers: what the ingress hands them to, and what it is told of them.
//
// Both directions go piece by piece, each piece asked for: BodyWanted() for one of the request,
// Taken() for one of the answer.
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

/// Where the answer of one transfer goes. Any thread; must not be called once End was.
class RelaySink {
 public:
  virtual ~RelaySink() = default;
  /// Give one piece of the body, or its end.
  virtual void BodyWanted() = 0;
  virtual void Proceed() = 0;
  virtual void Head(v1::RelayResponse head) = 0;
  /// At most contract::kChunkBytesMax. No other before Taken().
  virtual void Data(std::string data) = 0;
  /// `whole`: the answer is; else it broke off. May follow Data at once.
  virtual void End(bool whole) = 0;
};

/// One transfer. Called on any thread, one call at a time but for Taken; must not block. Only Taken
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
  /// The edge wants no more of it, or broke the rules. May come more than once, and after End.
  virtual void Cancel() = 0;
};

/// An answer for which nobody has to be asked. The body is at most contract::kChunkBytesMax.
struct RelayOwnAnswer {
  v1::RelayResponse head;
  std::string body;
};

class RelayHandler {
 public:
  virtual ~RelayHandler() = default;
  /// What `request` gets without a transfer, if that is so. As Make.
  virtual std::optional<RelayOwnAnswer> AnswerAtOnce(const v1::RelayRequest& request) = 0;
  /// A transfer that has not begun; or what is wrong with the request, for the edge's log. Called
  /// on gRPC's threads, several at once.
  virtual Result<std::shared_ptr<Relay>, std::string> Make(v1::RelayRequest request,
                                                           std::weak_ptr<RelaySink> sink) = 0;
};

}  // namespace lowband::translator::ingress
