// A random source for several threads.
#pragma once

#include <memory>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/base/random.h"

namespace lowband::edge::dtls {

class LockedRandom final : public Random {
 public:
  explicit LockedRandom(std::unique_ptr<Random> random) : random_(std::move(random)) {}
  void Fill(std::span<uint8_t> out) override {
    const MutexLock lock(mutex_);
    random_->Fill(out);
  }

 private:
  Mutex mutex_;
  std::unique_ptr<Random> random_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::edge::dtls
