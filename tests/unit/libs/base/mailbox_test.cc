#include "libs/base/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <thread>

namespace lowband {
namespace {

bool Readable(int fd, int limit_ms = 0) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, limit_ms) == 1;
}

TEST(Mailbox, PushedThenReadableUntilDrained) {
  Mailbox<int> mailbox(10);
  EXPECT_FALSE(Readable(mailbox.fd()));
  EXPECT_TRUE(mailbox.Push(1));
  EXPECT_TRUE(mailbox.Push(2));
  EXPECT_TRUE(Readable(mailbox.fd()));
  std::vector<int> items{99};
  mailbox.Drain(items);
  EXPECT_EQ(items, (std::vector<int>{1, 2}));
  EXPECT_FALSE(Readable(mailbox.fd()));
  mailbox.Drain(items);
  EXPECT_TRUE(items.empty());
  EXPECT_TRUE(mailbox.Push(3));
  EXPECT_TRUE(Readable(mailbox.fd()));
}

TEST(Mailbox, FullThenRefusesAndKeepsWhatItHas) {
  Mailbox<std::unique_ptr<int>> mailbox(2);
  EXPECT_TRUE(mailbox.Push(std::make_unique<int>(1)));
  EXPECT_TRUE(mailbox.Push(std::make_unique<int>(2)));
  EXPECT_FALSE(mailbox.Push(std::make_unique<int>(3)));
  std::vector<std::unique_ptr<int>> items;
  mailbox.Drain(items);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(*items[1], 2);
  EXPECT_TRUE(mailbox.Push(std::make_unique<int>(4)));
}

TEST(Mailbox, PushedQuietlyThenReadableOnlyWhenSomethingElseWakes) {
  Mailbox<int> mailbox(10);
  EXPECT_TRUE(mailbox.PushQuietly(1));
  EXPECT_FALSE(Readable(mailbox.fd()));
  EXPECT_TRUE(mailbox.Push(2));
  EXPECT_TRUE(Readable(mailbox.fd()));
  std::vector<int> items;
  mailbox.Drain(items);
  EXPECT_EQ(items, (std::vector<int>{1, 2}));
  EXPECT_FALSE(Readable(mailbox.fd()));
}

TEST(Mailbox, ConsumerCannotWaitThenQuietPushesBeforeAndAfterWakeIt) {
  Mailbox<int> mailbox(10);
  std::vector<int> items;
  EXPECT_TRUE(mailbox.PushQuietly(1));
  mailbox.Hurry();
  EXPECT_TRUE(Readable(mailbox.fd()));
  mailbox.Drain(items);
  EXPECT_EQ(items, (std::vector<int>{1}));
  EXPECT_FALSE(Readable(mailbox.fd()));
  EXPECT_TRUE(mailbox.PushQuietly(2)) << "it may have been under way";
  EXPECT_TRUE(Readable(mailbox.fd()));
  mailbox.Drain(items);
  EXPECT_TRUE(mailbox.PushQuietly(3));
  EXPECT_FALSE(Readable(mailbox.fd()));
}

TEST(Mailbox, ManyProducersThenEveryItemArrivesOnceAndInTheOrderOfItsProducer) {
  constexpr int kProducers = 4;
  constexpr int kItems = 20000;
  struct Item {
    int producer;
    int number;
  };
  Mailbox<Item> mailbox(256);
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&mailbox, producer] {
      for (int number = 0; number < kItems; ++number) {
        while (!mailbox.Push({producer, number})) std::this_thread::yield();
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  std::vector<Item> items;
  int received = 0;
  while (received < kProducers * kItems) {
    ASSERT_TRUE(Readable(mailbox.fd(), 10000)) << "a wake-up was lost";
    mailbox.Drain(items);
    for (const Item& item : items) EXPECT_EQ(item.number, next[item.producer]++);
    received += static_cast<int>(items.size());
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_FALSE(Readable(mailbox.fd()));
}

}  // namespace
}  // namespace lowband
