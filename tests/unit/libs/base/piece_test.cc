#include "libs/base/piece.h"

#include <gtest/gtest.h>

namespace lowband {
namespace {

TEST(Piece, TakenInPartsThenItIsAllThereInOrder) {
  Piece piece;
  piece.Append("abcdef");
  EXPECT_EQ(piece.Take(2), "ab");
  EXPECT_EQ(piece.size(), 4u);
  EXPECT_EQ(piece.Take(3), "cde");
  piece.Append("gh");
  EXPECT_EQ(piece.Take(100), "fgh");
  EXPECT_TRUE(piece.empty());
  EXPECT_EQ(piece.Take(100), "");
}

TEST(Piece, TakenWholeThenItIsNotCopied) {
  std::string bytes(1000, 'x');
  const char* where = bytes.data();
  Piece piece;
  piece.Append(std::move(bytes));
  EXPECT_EQ(piece.Take(1000).data(), where);
  EXPECT_TRUE(piece.empty());
}

TEST(Piece, ClearedInTheMiddleThenItBeginsAnew) {
  Piece piece;
  piece.Append("abc");
  EXPECT_EQ(piece.Take(1), "a");
  piece.Clear();
  EXPECT_TRUE(piece.empty());
  piece.Append("d");
  EXPECT_EQ(piece.Take(1), "d");
}

}  // namespace
}  // namespace lowband
