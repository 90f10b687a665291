// What downloads under way cost the edge: so much as their windows, however large they are.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <memory>

#include "tests/support/layers_rig.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {
namespace {

constexpr size_t kSessions = 200;

struct Cost {
  size_t downloads = 0;
  size_t counted = 0;  ///< By the edge itself.
  size_t heap = 0;     ///< By the allocator; 0 under sanitizers, which have their own.
};

size_t Heap() {
  const auto info = mallinfo2();  // large blocks are mapped
  return info.uordblks + info.hblkhd;
}

/// Each session asks for a body of `bytes`, and has its first block: what the edge holds then.
Cost Measure(size_t window, size_t bytes) {
  RigConfig config;
  config.request.answer_window = window;
  config.request.download_bytes_max = size_t{1} << 30;
  const auto rig = std::make_unique<Rig>(config);
  const Names none;
  for (uint64_t i = 1; i <= kSessions; ++i) rig->Open(SessionId{i});
  const size_t before = Heap();
  for (uint64_t i = 1; i <= kSessions; ++i) {
    rig->Receive(SessionId{i}, Encode(ParseText(Words("CON GET 1 token=01 path=a")), none));
    const auto command = rig->TakeCommand();
    const auto& start = std::get<request::StartExchange>(*command);
    request::Answer answer;
    answer.id = start.id;
    answer.code = coap::kContent;
    answer.content_format = 60;
    const bool by_window = window > 0 && bytes > window;
    answer.body = Bytes(by_window ? window : bytes, 'x');
    if (by_window) {
      answer.window = std::make_unique<request::AnswerWindow>();
      answer.window->bytes = bytes;
      answer.window->request = start.request;
    }
    rig->Answer(std::move(answer));
    while (rig->TakeSent()) {
    }
  }
  const auto usage = rig->requests().usage();
  return {usage.downloads, usage.download_bytes, Heap() - std::min(before, Heap())};
}

void Print(const char* how, size_t bytes, const Cost& cost) {
  std::printf("%zu downloads of %zu KB, %s: %zu KB counted, %zu KB of heap\n", kSessions,
              bytes / 1000, how, cost.counted / 1000, cost.heap / 1000);
}

TEST(DownloadMemory, LargerAnswersThenTheEdgeKeepsNoMoreOfThem) {
  constexpr size_t kWindow = size_t{64} << 10;
  for (const size_t bytes : {100'000, 1'000'000, 4'000'000}) {
    const Cost whole = Measure(0, bytes);
    const Cost windowed = Measure(kWindow, bytes);
    Print("whole", bytes, whole);
    Print("by a window", bytes, windowed);
    EXPECT_EQ(whole.downloads, kSessions);
    EXPECT_EQ(windowed.downloads, kSessions);
    EXPECT_EQ(whole.counted, kSessions * bytes);
    EXPECT_EQ(windowed.counted, kSessions * kWindow);
    // A window, and what any request costs.
    EXPECT_LE(windowed.heap, kSessions * (kWindow + 8'000));
  }
}

}  // namespace
}  // namespace lowband::edge::testing
