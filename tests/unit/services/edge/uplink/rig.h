// A lane set in virtual time with a scripted transport: tests say what each stream does.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/random.h"
#include "services/edge/uplink/counters.h"
#include "services/edge/uplink/lane_set.h"

namespace lowband::edge::uplink {

using namespace std::chrono_literals;

inline request::StartExchange MakeStart(uint64_t id, v1::Method method, TimePoint deadline,
                                        std::string body = "") {
  request::StartExchange start;
  start.id = id;
  start.request.set_method(method);
  start.request.add_path("_matrix");
  start.request.set_key_table(1);
  if (!body.empty()) start.request.set_content_format(60);
  start.request.set_body(std::move(body));
  start.deadline = deadline;
  return start;
}

class Rig {
 public:
  /// What the set asked of one lane.
  struct Stream {
    std::vector<v1::EdgeBatch> batches;
    int awaited = 0;
    bool finished = false;
    bool aborted = false;

    std::vector<v1::EdgeFrame> Frames() const {
      std::vector<v1::EdgeFrame> all;
      for (const auto& batch : batches) {
        all.insert(all.end(), batch.frames().begin(), batch.frames().end());
      }
      return all;
    }
    /// The ids of the requests written, in order.
    std::vector<uint64_t> Requests() const {
      std::vector<uint64_t> ids;
      for (const auto& frame : Frames()) {
        if (frame.has_request()) ids.push_back(frame.exchange());
      }
      return ids;
    }
    std::vector<uint64_t> Cancels() const {
      std::vector<uint64_t> ids;
      for (const auto& frame : Frames()) {
        if (frame.has_cancel()) ids.push_back(frame.exchange());
      }
      return ids;
    }
  };

  explicit Rig(Config given = {}, uint64_t seed = 1)
      : config(given), random(MakeSeededRandom(seed)), set(config, *random) {}

  /// Takes what the set wants done. The lanes asked for since the last call are in `asked`.
  void Pump() {
    asked.clear();
    while (auto action = set.PollAction()) {
      if (const auto* open = std::get_if<OpenLane>(&*action)) {
        EXPECT_TRUE(streams.emplace(open->lane, Stream{}).second) << "a lane's id came twice";
        asked.push_back(open->lane);
      } else if (auto* write = std::get_if<WriteBatch>(&*action)) {
        EXPECT_FALSE(streams.at(write->lane).finished) << "written after the half-close";
        EXPECT_GT(write->batch.frames_size(), 0);
        streams.at(write->lane).batches.push_back(std::move(write->batch));
      } else if (const auto* await = std::get_if<AwaitLane>(&*action)) {
        ++streams.at(await->lane).awaited;
      } else if (const auto* finish = std::get_if<FinishLane>(&*action)) {
        streams.at(finish->lane).finished = true;
      } else if (const auto* abort = std::get_if<AbortLane>(&*action)) {
        streams.at(abort->lane).aborted = true;
      }
    }
    while (auto answer = set.PollAnswer()) {
      ++answer_counts[answer->id];
      answers.insert_or_assign(answer->id, std::move(*answer));
    }
    while (const auto record = set.PollRecord()) records.push_back(*record);
  }
  void Advance(Duration by) {
    now += by;
    set.Advance(now);
    Pump();
  }
  /// Advances deadline by deadline, as an owner's loop would.
  void RunFor(Duration by) {
    const TimePoint end = now + by;
    for (auto next = set.NextDeadline(); next && *next <= end; next = set.NextDeadline()) {
      now = std::max(now, *next);
      set.Advance(now);
      Pump();
    }
    now = end;
    set.Advance(now);
    Pump();
  }
  void Opened(LaneId lane, std::string_view replica = {}) {
    set.Handle(now, LaneOpened{lane, std::string(replica)});
    Pump();
  }
  void Written(LaneId lane) {
    set.Handle(now, LaneWritten{lane});
    Pump();
  }
  void Dead(LaneId lane) {
    set.Handle(now, LaneDead{lane});
    Pump();
  }
  /// Opens as many lanes as are configured; returns them.
  std::vector<LaneId> Start() {
    Advance(0s);
    std::vector<LaneId> lanes = asked;
    for (const LaneId lane : lanes) Opened(lane);
    return lanes;
  }

  void Submit(uint64_t id, v1::Method method = v1::GET, std::string body = "",
              Duration deadline = 30s) {
    set.Submit(now, MakeStart(id, method, now + deadline, std::move(body)));
  }
  /// Submits and lets it be written.
  void Send(uint64_t id, v1::Method method = v1::GET, std::string body = "",
            Duration deadline = 30s) {
    Submit(id, method, std::move(body), deadline);
    Pump();
  }
  void Cancel(uint64_t id) {
    set.Submit(now, request::CancelExchange{id});
    Pump();
  }

  void Receive(LaneId lane, v1::TranslatorBatch batch) {
    set.Handle(now, LaneBatch{lane, std::move(batch)});
    Pump();
  }
  static v1::TranslatorBatch Head(uint64_t id, const std::string& body = "", bool more = false,
                                  uint32_t code = 0x45) {
    v1::TranslatorBatch batch;
    v1::TranslatorFrame& frame = *batch.add_frames();
    frame.set_exchange(id);
    frame.mutable_answer()->set_code(code);
    frame.mutable_answer()->set_content_format(60);
    frame.mutable_answer()->set_body(body);
    frame.mutable_answer()->set_more(more);
    return batch;
  }
  static v1::TranslatorBatch Chunk(uint64_t id, const std::string& data, bool more) {
    v1::TranslatorBatch batch;
    v1::TranslatorFrame& frame = *batch.add_frames();
    frame.set_exchange(id);
    frame.mutable_body()->set_data(data);
    frame.mutable_body()->set_more(more);
    return batch;
  }
  void Answer(LaneId lane, uint64_t id) { Receive(lane, Head(id)); }
  void Drain(LaneId lane) {
    v1::TranslatorBatch batch;
    batch.set_draining(true);
    Receive(lane, std::move(batch));
  }

  /// The lane whose stream carried the request of exchange `id`, the last if several did; 0: none.
  LaneId LaneOf(uint64_t id) const {
    LaneId found = 0;
    for (const auto& [lane, stream] : streams) {
      for (const uint64_t request : stream.Requests()) {
        if (request == id) found = lane;
      }
    }
    return found;
  }
  bool Answered(uint64_t id) const { return answers.contains(id); }
  std::string CodeOf(uint64_t id) const {
    return Answered(id) ? answers.at(id).code.Text() : "none";
  }

  Config config;
  TimePoint now = TimePoint(1000s);
  std::unique_ptr<Random> random;
  LaneSet set;
  std::map<LaneId, Stream> streams;
  std::vector<LaneId> asked;
  std::map<uint64_t, request::Answer> answers;
  std::map<uint64_t, int> answer_counts;
  std::vector<ExchangeRecord> records;
};

}  // namespace lowband::edge::uplink
