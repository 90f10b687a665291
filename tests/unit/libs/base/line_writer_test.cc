#include "libs/base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

namespace lowband {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string Dropped(uint64_t count) { return "dropped " + std::to_string(count) + "\n"; }

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
  }
  /// All that is in it, without waiting for more.
  std::string Read() const {
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string text(size_t{4} << 20, '\0');
    size_t taken = 0;
    for (ssize_t n; (n = read(ends[0], text.data() + taken, text.size() - taken)) > 0;) {
      taken += static_cast<size_t>(n);
    }
    text.resize(taken);
    return text;
  }
  int ends[2] = {-1, -1};
};

TEST(LineWriter, FlushThenAllLinesAreThereInTheirOrder) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Dropped);
  writer.Push("one\n");
  writer.Push("two\n");
  EXPECT_TRUE(writer.Flush(seconds(10)));
  EXPECT_EQ(pipe.Read(), "one\ntwo\n");
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST(LineWriter, LineLongerThanThePipeThenItArrivesWhole) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Dropped);
  const std::string line = std::string(300'000, 'x') + "\n";
  writer.Push(line);
  std::string text;
  while (!writer.Flush(milliseconds(1))) text += pipe.Read();
  text += pipe.Read();
  EXPECT_EQ(text, line);
}

TEST(LineWriter, ReaderStopsThenPushDoesNotWaitAndTheDroppedLinesAreTold) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Dropped);
  const std::string line = std::string(999, 'x') + "\n";
  const uint64_t more_than_fits = 2 * LineWriter::kQueuedBytesMax / line.size();
  for (uint64_t i = 0; i < more_than_fits; ++i) writer.Push(line);
  const uint64_t dropped = writer.dropped();
  EXPECT_GT(dropped, 0u);
  EXPECT_LT(dropped, more_than_fits);
  std::string text;
  while (!writer.Flush(milliseconds(1))) text += pipe.Read();
  text += pipe.Read();
  writer.Push("last\n");
  EXPECT_TRUE(writer.Flush(seconds(10)));
  text += pipe.Read();
  const std::string told = Dropped(dropped);
  EXPECT_TRUE(text.find(told) != std::string::npos);
  EXPECT_TRUE(text.ends_with("last\n"));
  EXPECT_EQ(text.size(), (more_than_fits - dropped) * line.size() + told.size() + 5);
}

TEST(LineWriter, ReaderStopsThenTheEndComesAllTheSame) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Dropped);
  writer.Push(std::string(500'000, 'x') + "\n");
}

TEST(LineWriter, ReaderIsGoneThenNothingHangs) {
  Pipe pipe;
  signal(SIGPIPE, SIG_IGN);
  close(pipe.ends[0]);
  pipe.ends[0] = -1;
  LineWriter writer(pipe.ends[1], Dropped);
  for (int i = 0; i < 100; ++i) writer.Push("line\n");
  EXPECT_TRUE(writer.Flush(seconds(10)));
}

}  // namespace
}  // namespace lowband
