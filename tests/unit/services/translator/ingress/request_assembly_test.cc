#include "services/translator/ingress/request_assembly.h"

#include <gtest/gtest.h>

#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {
namespace {

using Progress = RequestAssembly::Progress;

v1::Request Head(const std::string& body, bool more) {
  v1::Request request;
  request.set_method(v1::PUT);
  request.add_path("path");
  request.set_body(body);
  request.set_more(more);
  return request;
}
v1::BodyChunk Chunk(const std::string& data, bool more) {
  v1::BodyChunk chunk;
  chunk.set_data(data);
  chunk.set_more(more);
  return chunk;
}

TEST(RequestAssembly, PiecesOfTwoRequestsInterleavedThenBothAreWhole) {
  Budget budget(1000);
  RequestAssembly assembly(100, budget);
  EXPECT_EQ(assembly.Add(1, Head("a", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(2, Head("x", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(1, Chunk("b", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(2, Chunk("y", false)), Progress::kWhole);
  EXPECT_EQ(assembly.Add(1, Chunk("c", false)), Progress::kWhole);
  EXPECT_EQ(budget.used(), 5u);
  const v1::Request first = assembly.Take(1);
  EXPECT_EQ(first.body(), "abc");
  EXPECT_EQ(first.path(0), "path");
  EXPECT_FALSE(first.more());
  EXPECT_EQ(assembly.Take(2).body(), "xy");
  EXPECT_EQ(budget.used(), 0u);
}

TEST(RequestAssembly, OnePieceThenWholeAtOnce) {
  Budget budget(0);
  RequestAssembly assembly(100, budget);
  EXPECT_EQ(assembly.Add(1, Head("all", false)), Progress::kWhole);
  EXPECT_EQ(assembly.Take(1).body(), "all");
}

TEST(RequestAssembly, BodyOfExactlyTheLimitThenWholeAndOneByteMoreThenTooLarge) {
  Budget budget(1000);
  RequestAssembly assembly(4, budget);
  EXPECT_EQ(assembly.Add(1, Head("12", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(1, Chunk("34", false)), Progress::kWhole);
  EXPECT_EQ(assembly.Add(2, Head("12", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(2, Chunk("345", false)), Progress::kTooLarge);
  EXPECT_EQ(assembly.Take(2).path(0), "path") << "the head is there for the refusal";
  EXPECT_EQ(assembly.Add(3, Head("12345", true)), Progress::kTooLarge);
  (void)assembly.Take(3);
  (void)assembly.Take(1);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(RequestAssembly, AllTogetherOverTheBudgetThenOverload) {
  Budget budget(10);
  RequestAssembly assembly(100, budget);
  RequestAssembly other(100, budget);
  EXPECT_EQ(assembly.Add(1, Head("123456", true)), Progress::kMore);
  EXPECT_EQ(other.Add(1, Head("12345", true)), Progress::kOverload);
  (void)other.Take(1);
  EXPECT_EQ(other.Add(2, Head("1234", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(1, Chunk("7", true)), Progress::kOverload);
  (void)assembly.Take(1);
  EXPECT_EQ(budget.used(), 4u);
  other.Clear();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(RequestAssembly, TooManyIncompleteThenOverload) {
  Budget budget(100000);
  RequestAssembly assembly(100, budget);
  for (uint64_t id = 1; id <= kPartialsPerLaneMax; ++id) {
    ASSERT_EQ(assembly.Add(id, Head("", true)), Progress::kMore);
  }
  EXPECT_EQ(assembly.Add(kPartialsPerLaneMax + 1, Head("", true)), Progress::kOverload);
}

TEST(RequestAssembly, PieceOfNothingOrAnIdTwiceThenUnknownAndTheFirstStands) {
  Budget budget(1000);
  RequestAssembly assembly(100, budget);
  EXPECT_EQ(assembly.Add(1, Chunk("b", false)), Progress::kUnknown);
  EXPECT_EQ(assembly.Add(1, Head("a", true)), Progress::kMore);
  EXPECT_EQ(assembly.Add(1, Head("z", false)), Progress::kUnknown);
  EXPECT_EQ(assembly.Add(1, Chunk("b", false)), Progress::kWhole);
  EXPECT_EQ(assembly.Take(1).body(), "ab");
}

TEST(RequestAssembly, RemovedOrDestroyedThenItsBytesAreFree) {
  Budget budget(1000);
  {
    RequestAssembly assembly(100, budget);
    EXPECT_EQ(assembly.Add(1, Head("abc", true)), Progress::kMore);
    EXPECT_EQ(assembly.Add(2, Head("defg", true)), Progress::kMore);
    EXPECT_TRUE(assembly.Remove(1));
    EXPECT_FALSE(assembly.Remove(1));
    EXPECT_EQ(budget.used(), 4u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace lowband::translator::ingress
