// The translator's side of an edge's lanes, in virtual time: puts requests together, sends answers
// through the translator's own queue, and dies. What a request is answered decides its owner.
//
// Threading: one thread. Ownership: what the constructor is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libs/sim/timeline.h"
#include "lowband/v1/translator.pb.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/lane_event.h"
#include "services/translator/ingress/answer_queue.h"
#include "services/translator/ingress/held_answers.h"

namespace lowband::testing {

class TranslatorLanes {
 public:
  using LaneId = edge::uplink::LaneId;
  using Answer = translator::ingress::ExchangeAnswer;
  struct Hooks {
    /// Tells the edge what happens to its lanes.
    std::function<void(const edge::uplink::LaneEvent&)> tell;
    /// The name of the replica that a new lane leads to; none: it is dead.
    std::function<std::optional<std::string>()> connect;
    /// A request is whole.
    std::function<void(LaneId, uint64_t exchange, v1::Request)> start;
    /// The edge wants no answer of it any more. May be empty.
    std::function<void(LaneId, uint64_t exchange)> cancel;
    /// A lane ends, and with it all of its exchanges. May be empty.
    std::function<void(LaneId)> end;
    /// What is answered where the answers that wait for their clients leave no room.
    std::function<Answer()> overload;
  };
  /// What the lanes of a translator, or of several, have in common.
  struct Room {
    explicit Room(size_t whole_bytes, size_t held_bytes) : whole(whole_bytes), held(held_bytes) {}
    Budget whole;
    translator::ingress::HeldAnswers held;  ///< By a window.
    uint64_t dropped = 0;                   ///< Of those, for others.
  };

  TranslatorLanes(sim::Timeline& timeline, Room& room, Hooks hooks)
      : timeline_(timeline), room_(room), hooks_(std::move(hooks)) {}

  void Obey(edge::uplink::Action action);
  void SayObservable(LaneId lane, uint64_t exchange);
  /// By a window if the request wants that. `owner`: whose answer it is.
  void Respond(LaneId lane, uint64_t exchange, const v1::Request& request, Answer answer,
               translator::ingress::AnswerOwner owner);
  /// Ends every lane of the replica at once.
  void Kill(const std::string& replica);
  /// The edge is gone, with all its lanes.
  void ForgetEdge();
  /// Tells whether this very lane is still open.
  std::function<bool()> Watch(LaneId lane) const;

  /// For bugs put in on purpose.
  bool keep_cancelled_answers = false;
  std::function<std::string(ByteView)> digest = translator::ingress::DigestOf;

 private:
  struct Lane : translator::ingress::AnswerHolder {
    Lane(std::string name, Budget& budget) : replica(std::move(name)), answers(budget) {}
    void DropAnswer(uint64_t exchange) override { answers.Drop(exchange); }
    const std::string replica;
    std::map<uint64_t, v1::Request> partial;
    translator::ingress::AnswerQueue answers;
  };

  void Open(LaneId id);
  void Take(LaneId id, const v1::EdgeFrame& frame);
  /// False: it has to go whole.
  bool RespondByWindow(const std::shared_ptr<Lane>& lane, uint64_t exchange,
                       const v1::Request& request, Answer& answer,
                       translator::ingress::AnswerOwner owner);
  /// Writes all that is ready, on all lanes.
  void Write();
  /// False: there was none.
  bool Drop(LaneId id);

  sim::Timeline& timeline_;
  Room& room_;
  const Hooks hooks_;
  std::map<LaneId, std::shared_ptr<Lane>> lanes_;
  uint64_t generation_ = 0;  ///< Of the edge: what was for an earlier one is dropped.
};

}  // namespace lowband::testing
