#include "services/edge/fallback/wake_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

namespace lowband::edge::fallback {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WakeQueueTest : public ::testing::Test {
 protected:
  std::vector<uint64_t> Woken() {
    std::vector<uint64_t> woken;
    queue_->Drain(woken);
    return woken;
  }
  bool IsReadable() const {
    pollfd one{queue_->fd(), POLLIN, 0};
    return poll(&one, 1, 0) == 1;
  }

  std::shared_ptr<WakeQueue> queue_ = std::make_shared<WakeQueue>();
  WakingMailbox<int> first_{2, {queue_, 7}};
  WakingMailbox<int> second_{2, {queue_, 9}};
  std::vector<int> items_;
};

TEST_F(WakeQueueTest, MailboxWakesItsConnectionOnceUntilItIsDrained) {
  EXPECT_TRUE(first_.Push(1));
  EXPECT_TRUE(second_.Push(2));
  EXPECT_TRUE(first_.Push(3));
  EXPECT_TRUE(IsReadable());
  EXPECT_THAT(Woken(), ElementsAre(7, 9));
  EXPECT_FALSE(IsReadable());
  first_.Drain(items_);
  EXPECT_THAT(items_, ElementsAre(1, 3));
  EXPECT_TRUE(first_.Push(4));
  EXPECT_TRUE(second_.Push(5));
  EXPECT_THAT(Woken(), ElementsAre(7));
}

TEST_F(WakeQueueTest, FullMailboxRefuses) {
  EXPECT_TRUE(first_.Push(1));
  EXPECT_TRUE(first_.Push(2));
  EXPECT_FALSE(first_.Push(3));
}

TEST_F(WakeQueueTest, ClosedMailboxWakesNobody) {
  first_.Close();
  EXPECT_TRUE(first_.Push(1));
  EXPECT_THAT(Woken(), IsEmpty());
  EXPECT_FALSE(IsReadable());
}

}  // namespace
}  // namespace lowband::edge::fallback
