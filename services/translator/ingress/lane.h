// One lane: the reactor of one Exchange stream. Reads batches, gives complete requests to the
// handler, and writes the queued answers whenever the stream is ready.
//
//   serving ──edge half-closed, all answered, all written──▶ finished (OK)
//      └─cancelled, a write failed, or awake.h──▶ dead ──no read, no write under way──▶ finished
//
// Threading: the On... by gRPC; Observable, Answer, DropAnswer and Drain by any. Ownership: owns
// itself from Begin() to OnDone(); answering handlers hold it weakly. Limits: limits.h. Spec:
// gRPC's callback API, grpcpp/support/server_callback.h; proto/lowband/v1/translator.proto.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/answer_queue.h"
#include "services/translator/ingress/handler.h"
#include "services/translator/ingress/request_assembly.h"
#include "services/translator/ingress/shared.h"

namespace lowband::translator::ingress {

class Lane final : public grpc::ServerBidiReactor<v1::EdgeBatch, v1::TranslatorBatch>,
                   public AnswerSink,
                   public AnswerHolder,
                   public std::enable_shared_from_this<Lane> {
 public:
  /// `gone` is called once, when the lane has ended. Handler, shared state and context outlive the
  /// stream.
  Lane(uint64_t id, Handler& handler, std::shared_ptr<Shared> shared,
       grpc::CallbackServerContext& context, std::function<void(uint64_t)> gone);
  ~Lane() override;

  /// Accepts the stream. The lane keeps itself alive until OnDone.
  void Begin();
  /// Tells the edge to send nothing new here.
  void Drain();
  /// Ends it if it was open while the process slept; true if it was.
  bool EndIfSlept(TimePoint now);
  void Observable(uint64_t exchange) override;
  void Answer(uint64_t exchange, ExchangeAnswer answer) override;
  void DropAnswer(uint64_t exchange) override;

 private:
  /// The part of a request that its answer needs.
  struct Asked {
    AnswerTerms terms;
    AnswerOwner owner = 0;
  };
  /// Actions decided under the lock and done without it, since gRPC may react at once.
  struct Todo {
    bool write = false;
    bool read = false;
    bool finish = false;
    bool finish_ok = false;
    std::vector<uint64_t> cancels;
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void TakeBatch();
  bool Slept(TimePoint now);
  void TakeRequest(uint64_t exchange, v1::Request request);
  void TakePiece(uint64_t exchange, RequestAssembly::Progress progress);
  void TakeCancel(uint64_t exchange);
  void TakeCredit(uint64_t exchange, uint64_t until);
  /// False: the answer has to go whole.
  bool AnswerByWindow(uint64_t exchange, ExchangeAnswer& answer);
  void StartExchange(uint64_t exchange, v1::Request request);
  void Refuse(uint64_t exchange, const v1::Request& request, Refused reason);
  /// Queues an error instead of `answer`.
  void Replace(uint64_t exchange, const ExchangeAnswer& answer);
  /// The error that replaces `answer`.
  ExchangeAnswer Replacement(const ExchangeAnswer& answer);

  void Die(Todo& todo) LOWBAND_REQUIRES(mutex_);
  /// Adds the operations that the stream is ready for.
  void Plan(Todo& todo) LOWBAND_REQUIRES(mutex_);
  bool Congested() const LOWBAND_REQUIRES(mutex_);
  void Do(const Todo& todo);

  const uint64_t id_;
  Handler& handler_;
  const std::shared_ptr<Shared> shared_;
  grpc::CallbackServerContext& context_;
  const TimePoint opened_at_;
  const std::function<void(uint64_t)> gone_;
  std::shared_ptr<Lane> self_;

  // Each belongs to gRPC while its operation is under way, else to the thread that starts the next.
  v1::EdgeBatch in_;
  v1::TranslatorBatch out_;

  Mutex mutex_;
  bool reading_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool writing_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool read_ended_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool dead_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool finished_ LOWBAND_GUARDED_BY(mutex_) = false;
  /// A batch is being processed; answers made meanwhile are written together.
  bool taking_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool draining_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool drain_told_ LOWBAND_GUARDED_BY(mutex_) = false;
  RequestAssembly assembly_ LOWBAND_GUARDED_BY(mutex_);
  AnswerQueue queue_ LOWBAND_GUARDED_BY(mutex_);
  /// Handed to the handler and not answered.
  std::unordered_map<uint64_t, Asked> active_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::translator::ingress
