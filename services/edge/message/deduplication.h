// The received requests and their answers, so that a duplicate gets the same answer.
//
//   CON:          kUnacknowledged ──answer in time──▶ kPiggybacked ──247 s──▶ gone
//                    │ ack delay over                     ▲
//                    ▼                                    │ (kept: the ACK with the answer)
//                 kAcknowledged ──answer──▶ kSeparate ──given up──▶ kUndelivered (kept: the CON)
//   NON:          kAwaited ──answer──▶ gone
//   in an ACK:    kAwaited ──answer──▶ kSeparate ──delivered──▶ gone
//                                         └──given up──▶ kUndelivered
//
// Threading: one thread. Ownership: owns the requests of all sessions; a session's table refers to
// them. Limits: those of Config; the caller evicts (kept_answers.h). Spec: RFC 7252 §4.5.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "services/edge/message/event.h"
#include "services/edge/message/kept_answers.h"
#include "services/edge/message/received_request.h"

namespace lowband::edge::message {

class Deduplication {
 public:
  using Entry = ReceivedRequest::Entry;

  /// One session's requests, in the order of their arrival.
  class Table {
   public:
    size_t unanswered() const { return unanswered_; }
    size_t answered() const { return slots_.size() - unanswered_; }
    /// Bytes of its answers, with their overhead.
    size_t answer_bytes() const { return answer_bytes_; }
    bool empty() const { return slots_.empty(); }

   private:
    friend class Deduplication;
    struct Slot {
      uint16_t message_id;  ///< A copy, for searches.
      bool in_acknowledgement;
      Entry request;
    };
    std::vector<Slot> slots_;
    Owner owner_;
    size_t unanswered_ = 0;
    size_t answer_bytes_ = 0;
  };

  /// `answers` is the ledger of the bytes that are kept, with their overhead.
  Deduplication(admission::Ledger& answers, unsigned worker) : kept_(answers, worker) {}

  /// Sets the owner of the session's answers.
  void SetOwner(Table& table, const Owner& owner);
  Entry Add(TimePoint now, Table& table, const RequestRef& ref);
  /// The request that came as CON or NON with this ID.
  std::optional<Entry> FindId(const Table& table, uint16_t message_id) const;
  std::optional<Entry> FindSerial(const Table& table, uint64_t serial) const;

  /// kUnacknowledged to kAcknowledged.
  void Acknowledge(Entry request);
  /// To kPiggybacked or kSeparate, from any state without an answer.
  void Answer(TimePoint now, Table& table, Entry request, ReceivedRequest::State state,
              Bytes answer);
  /// Replaces the answer for duplicates.
  void Replace(Table& table, Entry request, Bytes answer);
  /// kSeparate to kUndelivered, which counts as answered now; Retry() reverts it.
  void GiveUp(TimePoint now, Table& table, Entry request, Bytes answer);
  Bytes Retry(Table& table, Entry request);
  void Erase(Table& table, Entry request);
  void EraseAll(Table& table);

  /// The CON that has waited longest for an answer or ACK.
  std::optional<Entry> OldestUnacknowledged();
  /// The request that was answered first.
  std::optional<Entry> OldestAnswered();
  /// The request whose answer must go, while too many bytes are kept.
  std::optional<KeptAnswers::Missed> LeastMissed() { return kept_.LeastMissed(); }
  std::optional<unsigned> TakeRelief() { return kept_.TakeRelief(); }
  bool IsFarOver() const { return kept_.IsFarOver(); }
  /// The request of one session whose answer is needed least: the oldest that may be carried out
  /// anew, else the oldest.
  std::optional<Entry> LeastMissedOf(const Table& table) const;
  std::optional<Entry> FindUndelivered(const Table& table) const;

  /// Bytes of all answers that are kept, with their overhead.
  size_t answer_bytes() const { return kept_.bytes(); }
  size_t unanswered() const { return unacknowledged_.size() + waiting_.size(); }
  size_t undelivered() const { return undelivered_; }

 private:
  std::list<ReceivedRequest>& ListOf(const ReceivedRequest& request);
  /// Sets or clears kUndelivered, and replaces the answer.
  Bytes Change(Table& table, Entry request, ReceivedRequest::State state, Bytes answer);
  void Drop(Table& table, Entry request);

  // Each in the order of `since`: the front is due first.
  std::list<ReceivedRequest> unacknowledged_;
  std::list<ReceivedRequest> waiting_;
  std::list<ReceivedRequest> answered_;
  KeptAnswers kept_;
  size_t undelivered_ = 0;
};

}  // namespace lowband::edge::message
