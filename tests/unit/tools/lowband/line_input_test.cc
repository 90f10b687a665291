// The lines of a batch, from pipes and files.
#include "tools/lowband/line_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "tests/support/temporary_folder.h"

namespace lowband::tools {
namespace {

class LineInputTest : public testing::Test {
 protected:
  LineInputTest() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~LineInputTest() override {
    EndInput();
    close(ends_[0]);
  }
  void Write(std::string_view text) const {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void EndInput() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  static bool Readable(const LineInput& input) {
    pollfd entry{input.wake_fd(), POLLIN, 0};
    return poll(&entry, 1, 0) > 0;
  }

  std::array<int, 2> ends_{};
};

TEST_F(LineInputTest, LinesComeOnceTheyAreWhole) {
  LineInput input(ends_[0]);
  EXPECT_EQ(input.Poll(), std::nullopt);
  Write("GET /a");
  EXPECT_EQ(input.Poll(), std::nullopt);
  Write("b\nGET /c\n");
  EXPECT_EQ(input.Poll(), "GET /ab");
  EXPECT_EQ(input.Poll(), "GET /c");
  EXPECT_EQ(input.Poll(), std::nullopt);
  EXPECT_FALSE(input.ended());
}

TEST_F(LineInputTest, LastLineNeedsNoEnd) {
  LineInput input(ends_[0]);
  Write("\nlast");
  EndInput();
  EXPECT_EQ(input.Poll(), "");
  EXPECT_EQ(input.Poll(), "last");
  EXPECT_EQ(input.Poll(), std::nullopt);
  EXPECT_TRUE(input.ended());
}

TEST_F(LineInputTest, WakesOnlyWhileArmed) {
  LineInput input(ends_[0]);
  Write("GET /a\n");
  EXPECT_FALSE(Readable(input)) << "not armed";
  input.Arm(true);
  EXPECT_TRUE(Readable(input));
  input.Arm(false);
  EXPECT_FALSE(Readable(input));
  EndInput();
  EXPECT_FALSE(Readable(input)) << "not even at the end";
  input.Arm(true);
  EXPECT_TRUE(Readable(input));
}

TEST_F(LineInputTest, FileThenAllLinesAtOnce) {
  const TemporaryFolder folder;
  const int file = open(folder.Write("batch", "GET /a\nGET /b\n").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  LineInput input(file);
  input.Arm(true);
  EXPECT_EQ(input.Poll(), "GET /a");
  EXPECT_EQ(input.Poll(), "GET /b");
  EXPECT_EQ(input.Poll(), std::nullopt);
  EXPECT_TRUE(input.ended());
  close(file);
}

}  // namespace
}  // namespace lowband::tools
