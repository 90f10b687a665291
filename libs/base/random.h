// The source of randomness for the protocol stages: an interface, so that a test or the simulator
// can replay a run from one seed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace lowband {

/// A source of random bytes. One thread uses one source.
class Random {
 public:
  virtual ~Random() = default;
  /// Fills `out`.
  virtual void Fill(std::span<uint8_t> out) = 0;
  /// A uniform value in [0, bound); `bound` > 0.
  uint64_t Below(uint64_t bound);
  /// A uniform value in [0, 1).
  double Unit();
};

/// Random bytes of the operating system, buffered; fit for cookies, connection ids and keys.
std::unique_ptr<Random> MakeSystemRandom();

/// An odd number drawn once by the process, to mix hashes with. Any thread.
uint64_t ProcessMixer();

/// A repeatable sequence; for tests and simulations only.
std::unique_ptr<Random> MakeSeededRandom(uint64_t seed);

}  // namespace lowband
