// What answers by a window wait for their clients, of all lanes: how much it is, whose it is, and
// who has to make room.
//
//   room ──▶ held     full, and somebody else would hold more than this one does with it
//                        ──▶ held, the largest of whoever holds most is dropped
//                     full, and nobody would
//                        ──▶ held if it replaces earlier ones of its own owner, else refused
//
// So nobody who asks for much keeps out who asks for little. What is dropped can be asked for
// again: only requests that may be repeated are answered by a window.
//
// Threading: any; one lock, taken twice for each such answer. Ownership: outlives the places given
// out. Limits: the two of the constructor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/place.h"

namespace lowband::translator::ingress {

/// What an answer is held for: an access token or a client's address, by a hash.
using AnswerOwner = uint64_t;

/// A lane, as far as it is told to drop what it holds.
class AnswerHolder {
 public:
  virtual ~AnswerHolder() = default;
  /// Any thread, no lock held. What it has no more, it ignores.
  virtual void DropAnswer(uint64_t exchange) = 0;
};

class HeldAnswers {
 public:
  /// Room for one answer.
  using Place = lowband::Place<HeldAnswers>;
  /// An answer that lost its place.
  struct Dropped {
    std::weak_ptr<AnswerHolder> holder;
    uint64_t exchange = 0;
  };
  struct Admission {
    std::optional<Place> place;    ///< None: refused.
    std::vector<Dropped> dropped;  ///< To be told, by the caller, without a lock of its own.
  };

  /// `bytes_max`: of all. An owner has at most half of it. 0: none is held.
  explicit HeldAnswers(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// An answer of so many bytes can be held at all.
  bool Fits(size_t bytes) const { return bytes <= bytes_max_ / 2; }
  /// REQUIRES: Fits(bytes).
  Admission Admit(AnswerOwner owner, size_t bytes, std::weak_ptr<AnswerHolder> holder,
                  uint64_t exchange);

  size_t bytes() const;
  size_t size() const;

 private:
  friend Place;
  struct Held {
    AnswerOwner owner = 0;
    size_t bytes = 0;
    Dropped answer;
  };
  struct Owned {
    size_t bytes = 0;
    std::vector<uint64_t> ids;  ///< In the order of their admission.
  };

  void Leave(uint64_t id);
  void Erase(uint64_t id) LOWBAND_REQUIRES(mutex_);
  size_t BytesOf(AnswerOwner owner) const LOWBAND_REQUIRES(mutex_);
  /// REQUIRES: some, all held.
  uint64_t Largest(const std::vector<uint64_t>& ids) const LOWBAND_REQUIRES(mutex_);
  /// The one to make room for `bytes` of `owner`; none: nobody has to.
  std::optional<uint64_t> Victim(AnswerOwner owner, size_t bytes) const LOWBAND_REQUIRES(mutex_);

  const size_t bytes_max_;
  mutable Mutex mutex_;
  std::unordered_map<uint64_t, Held> held_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_map<AnswerOwner, Owned> owners_ LOWBAND_GUARDED_BY(mutex_);
  size_t bytes_ LOWBAND_GUARDED_BY(mutex_) = 0;
  uint64_t last_id_ LOWBAND_GUARDED_BY(mutex_) = 0;
};

}  // namespace lowband::translator::ingress
