// W3C Trace Context §3.2; the examples are its own.
#include "libs/http/trace_context.h"

#include <gtest/gtest.h>

namespace lowband::http {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string IdOf(std::string_view traceparent) {
  const auto id = TraceIdOf(traceparent);
  return id ? id->Text() : "malformed";
}

TEST(TraceContext, WellFormedThenItsTraceId) {
  EXPECT_EQ(IdOf(kParent), kTrace);
  EXPECT_EQ(IdOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), kTrace);
  // §4.3: a later version is read as far as it is known.
  EXPECT_EQ(IdOf("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), kTrace);
  EXPECT_EQ(IdOf("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"), kTrace);
}

TEST(TraceContext, MalformedThenNone) {
  for (const char* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bg-01",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x"}) {
    EXPECT_EQ(IdOf(text), "malformed") << text;
  }
}

TEST(TraceContext, OneTraceparentThenFieldsStay) {
  Fields fields = {{"tracestate", "a=b"}, {"TraceParent", kParent}, {"A", "b"}};
  const Fields before = fields;
  ASSERT_TRUE(TakeTrace(fields));
  EXPECT_EQ(fields, before);
}

TEST(TraceContext, NoneOrTwoOrAMalformedOneThenNeitherFieldGoesOn) {
  const Fields rest = {{"A", "b"}};
  for (Fields fields : {Fields{{"A", "b"}, {"tracestate", "a=b"}},
                        Fields{{"traceparent", kParent}, {"A", "b"}, {"traceparent", kParent}},
                        Fields{{"traceparent", "00"}, {"A", "b"}, {"Tracestate", "a=b"}}}) {
    EXPECT_FALSE(TakeTrace(fields));
    EXPECT_EQ(fields, rest);
  }
}

TEST(TraceContext, OneOfOursThenWellFormedWithTheSameId) {
  const auto random = MakeSeededRandom(1);
  for (int i = 0; i < 100; ++i) {
    const RequestId id = MakeRequestId(*random);
    EXPECT_EQ(TraceIdOf(MakeTraceParent(id, i % 2 == 0)), id);
  }
  RequestId low;
  low.bytes.back() = 1;
  EXPECT_EQ(MakeTraceParent(low, true), "00-00000000000000000000000000000001-0000000000000001-01");
  EXPECT_EQ(MakeTraceParent(low, false).substr(52), "-00");
}

TEST(TraceContext, OneInManyThenAboutThatShare) {
  const auto random = MakeSeededRandom(2);
  int sampled = 0;
  for (int i = 0; i < 10'000; ++i) {
    const RequestId id = MakeRequestId(*random);
    EXPECT_TRUE(IsSampled(id, 1));
    sampled += IsSampled(id, 10) ? 1 : 0;
    EXPECT_TRUE(!IsSampled(id, 100) || IsSampled(id, 10));
  }
  EXPECT_NEAR(sampled, 1'000, 150);
}

}  // namespace
}  // namespace lowband::http
