#include "libs/base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>

namespace lowband {
namespace {

class SystemRandom final : public Random {
 public:
  void Fill(std::span<uint8_t> out) override {
    while (!out.empty()) {
      if (used_ == pool_.size()) Refill();
      const size_t size = std::min(out.size(), pool_.size() - used_);
      std::memcpy(out.data(), pool_.data() + used_, size);
      // Used random bytes must not stay in memory.
      std::memset(pool_.data() + used_, 0, size);
      used_ += size;
      out = out.subspan(size);
    }
  }

 private:
  void Refill() {
    size_t filled = 0;
    while (filled < pool_.size()) {
      const ssize_t got = getrandom(pool_.data() + filled, pool_.size() - filled, 0);
      if (got < 0 && errno == EINTR) continue;
      // Without randomness nothing here is safe; only a broken kernel refuses.
      if (got < 0) std::abort();
      filled += static_cast<size_t>(got);
    }
    used_ = 0;
  }

  std::array<uint8_t, 512> pool_{};
  size_t used_ = pool_.size();
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

uint64_t Random::Below(uint64_t bound) {
  // Rejecting the incomplete top range keeps the result uniform.
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = 0;
  do {
    std::array<uint8_t, sizeof(value)> raw;
    Fill(raw);
    std::memcpy(&value, raw.data(), sizeof(value));
  } while (value >= limit);
  return value % bound;
}

double Random::Unit() { return static_cast<double>(Below(1ULL << 53)) / 9007199254740992.0; }

uint64_t ProcessMixer() {
  static const uint64_t mixer = [] {
    uint64_t drawn = 0;
    SystemRandom().Fill({reinterpret_cast<uint8_t*>(&drawn), sizeof(drawn)});
    return drawn | 1;
  }();
  return mixer;
}

std::unique_ptr<Random> MakeSystemRandom() { return std::make_unique<SystemRandom>(); }
std::unique_ptr<Random> MakeSeededRandom(uint64_t seed) {
  return std::make_unique<SeededRandom>(seed);
}

}  // namespace lowband
