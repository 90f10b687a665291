#include "libs/tls/flight_timer.h"

#include <gtest/gtest.h>

#include "libs/tls/handle.h"
#include "libs/tls/profile.h"

namespace lowband::tls {
namespace {

using std::chrono::milliseconds;

// The engine's side of the timer, got at through a context, as the engine does.
class FlightTimerTest : public testing::Test {
 protected:
  FlightTimerTest() { timer.Attach(ssl.get()); }
  void Set(uint32_t intermediate_ms, uint32_t final_ms) {
    ssl->MBEDTLS_PRIVATE(f_set_timer)(ssl->MBEDTLS_PRIVATE(p_timer), intermediate_ms, final_ms);
  }
  int Get() { return ssl->MBEDTLS_PRIVATE(f_get_timer)(ssl->MBEDTLS_PRIVATE(p_timer)); }

  SslContext ssl;
  FlightTimer timer;
  const TimePoint start{std::chrono::hours(5)};
};

TEST_F(FlightTimerTest, NeverSetThenCancelled) {
  EXPECT_EQ(Get(), -1);
  EXPECT_EQ(timer.deadline(), std::nullopt);
}

TEST_F(FlightTimerTest, SetThenBothDelaysPassInTurn) {
  timer.SetNow(start);
  Set(250, 1000);
  EXPECT_EQ(timer.deadline(), start + milliseconds(1000));
  EXPECT_EQ(Get(), 0);
  timer.SetNow(start + milliseconds(249));
  EXPECT_EQ(Get(), 0);
  timer.SetNow(start + milliseconds(250));
  EXPECT_EQ(Get(), 1);
  timer.SetNow(start + milliseconds(1000));
  EXPECT_EQ(Get(), 2);
}

TEST_F(FlightTimerTest, SetToZeroThenCancelled) {
  timer.SetNow(start);
  Set(250, 1000);
  Set(0, 0);
  EXPECT_EQ(Get(), -1);
  EXPECT_EQ(timer.deadline(), std::nullopt);
}

}  // namespace
}  // namespace lowband::tls
