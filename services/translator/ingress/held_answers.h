// The answers by a window that wait for their clients, of all lanes: their size, their owners, and
// which one has to make room.
//
//   room ──▶ held     full, and another owner would hold more than this one with the new answer
//                        ──▶ held; the largest answer of the owner that holds most is dropped
//                     full, and no other owner would
//                        ──▶ held if it replaces earlier ones of its own owner, else refused
//
// So an owner with many answers never keeps out one with few. A dropped answer can be requested
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

/// The owner of a held answer: a hash of an access token or of a client's address.
using AnswerOwner = uint64_t;

/// The interface of a lane that drops its held answers.
class AnswerHolder {
 public:
  virtual ~AnswerHolder() = default;
  /// Any thread, no lock held. An answer that it no longer has is ignored.
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
    std::vector<Dropped> dropped;  ///< The caller notifies the holders, with no lock held.
  };

  /// `bytes_max`: limit of all answers. An owner has at most half of it. 0: none is held.
  explicit HeldAnswers(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Whether an answer of this size can be held at all.
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
  /// REQUIRES: `ids` is not empty, and all are held.
  uint64_t Largest(const std::vector<uint64_t>& ids) const LOWBAND_REQUIRES(mutex_);
  /// The answer that makes room for `bytes` of `owner`; none: no answer has to.
  std::optional<uint64_t> Victim(AnswerOwner owner, size_t bytes) const LOWBAND_REQUIRES(mutex_);

  const size_t bytes_max_;
  mutable Mutex mutex_;
  std::unordered_map<uint64_t, Held> held_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_map<AnswerOwner, Owned> owners_ LOWBAND_GUARDED_BY(mutex_);
  size_t bytes_ LOWBAND_GUARDED_BY(mutex_) = 0;
  uint64_t last_id_ LOWBAND_GUARDED_BY(mutex_) = 0;
};

}  // namespace lowband::translator::ingress
