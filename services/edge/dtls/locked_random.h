// A random source that several threads may use.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "libs/base/random.h"

namespace lowband::edge::dtls {

class LockedRandom final : public Random {
 public:
  explicit LockedRandom(std::unique_ptr<Random> random) : random_(std::move(random)) {}
  void Fill(std::span<uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    random_->Fill(out);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Random> random_;  // Guarded by mutex_.
};

}  // namespace lowband::edge::dtls
