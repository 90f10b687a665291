// Answers by a window through the real parts: a homeserver over HTTP, the translator's handler and
// lanes, the edge's lane set or workers, gRPC between them.
#include <atomic>
#include <thread>

#include "libs/client/options.h"
#include "libs/transcode/transcode.h"
#include "services/translator/exchange_handler.h"
#include "tests/integration/running_edge.h"
#include "tests/support/upstream_fixture.h"

namespace lowband {
namespace {

using edge::RunningEdge;
using edge::WorkerStats;
using translator::testing::HttpConnection;
using translator::testing::HttpServer;

constexpr uint32_t kWindow = 16 * 1024;
constexpr size_t kPadding = 300'000;

std::string Document(size_t padding) {
  std::string text(padding, 'x');
  for (size_t i = 0; i < padding; ++i) text[i] = static_cast<char>('a' + i * 7 % 23);
  return R"({"padding":")" + text + "\"}";
}

Bytes InCbor(const std::string& json) {
  Bytes cbor;
  EXPECT_TRUE(transcode::JsonToCbor(json, cbor));
  return cbor;
}

/// The document has as many bytes as the last segment of the path says.
void Serve(HttpConnection& connection) {
  while (const auto request = connection.Read()) {
    const std::string size = request->target.substr(request->target.rfind('/') + 1);
    if (!connection.Send(translator::testing::Reply(200, Document(std::stoul(size))))) return;
  }
}

/// All of a translator but its main.
class RealTranslator {
 public:
  explicit RealTranslator(size_t hold = translator::ingress::kAnswersHeldBytesDefault)
      : upstream_(translator::testing::ConfigFor(homeserver_.url())),
        handler_(translator::mapping::MappingConfig(), upstream_, nullptr) {
    auto config = PlainServer(target());
    config.ingress.answers_held_bytes_max = hold;
    server_ = std::make_unique<translator::ingress::Server>(config, handler_);
  }
  std::string target() const { return "unix:" + directory_.Path("t"); }
  void Kill() { server_.reset(); }
  const translator::ingress::Server& server() const { return *server_; }
  size_t held() const { return server_->answers_held(); }

 private:
  TemporaryFolder directory_;
  HttpServer homeserver_{Serve};
  translator::upstream::UpstreamClient upstream_;
  translator::ExchangeHandler handler_;
  std::unique_ptr<translator::ingress::Server> server_;
};

EdgeLoop::Ask AskFor(size_t padding, uint32_t window = kWindow, uint64_t from = 0) {
  return {.path = {"_matrix", "client", "r0", "x", std::to_string(padding)},
          .window = window,
          .from = from};
}

class AnswerWindow : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(edge_.RunUntilReady()); }
  /// Asks for a document, and has its first piece.
  uint64_t Begin(size_t padding = kPadding) {
    const uint64_t id = edge_.Submit(AskFor(padding));
    EXPECT_TRUE(edge_.RunUntil([&] { return edge_.answers().contains(id); }));
    return id;
  }
  bool UntilHeld(size_t count) {
    return edge_.RunUntil([&] { return translator_.held() == count; });
  }

  RealTranslator translator_{2'000'000};
  EdgeLoop edge_{translator_.target()};
};

TEST_F(AnswerWindow, CreditIsGivenThenTheWholeDocumentComesAndNothingIsHeld) {
  const uint64_t id = Begin();
  const Bytes expected = InCbor(Document(kPadding));
  const Bytes& got = edge_.answers().at(id).body;
  EXPECT_EQ(edge_.answers().at(id).window->bytes, expected.size());
  for (size_t until = kWindow; until < expected.size(); until += 10'000) {
    ASSERT_TRUE(edge_.RunUntil([&] { return got.size() >= until; })) << until;
    ASSERT_EQ(got.size(), until) << "more than the edge has room for";
    EXPECT_EQ(translator_.held(), 1U);
    edge_.Credit(id, until + 10'000);
  }
  ASSERT_TRUE(edge_.RunUntilAnswered());
  EXPECT_EQ(got, expected);
  EXPECT_EQ(translator_.held(), 0U);
  EXPECT_EQ(translator_.server().answers_held_bytes(), 0U);
}

TEST_F(AnswerWindow, RestIsAskedForAnewThenItIsOfTheSameDigest) {
  const uint64_t first = Begin();
  const uint64_t second = edge_.Submit(AskFor(kPadding, kWindow, 290'000));
  ASSERT_TRUE(edge_.RunUntil([&] { return edge_.answers().contains(second); }));
  const auto& window = *edge_.answers().at(second).window;
  EXPECT_EQ(window.digest, edge_.answers().at(first).window->digest);
  EXPECT_EQ(window.from, 290'000U);
  EXPECT_TRUE(window.ended);
  const Bytes expected = InCbor(Document(kPadding));
  EXPECT_EQ(edge_.answers().at(second).body, Bytes(expected.begin() + 290'000, expected.end()));
}

TEST_F(AnswerWindow, SmallAnswerOrNoWindowThenItComesWhole) {
  const uint64_t small = edge_.Submit(AskFor(1000));
  const uint64_t old_edge = edge_.Submit(AskFor(kPadding, 0));
  ASSERT_TRUE(edge_.RunUntilAnswered());
  EXPECT_EQ(edge_.answers().at(small).window, nullptr);
  EXPECT_EQ(edge_.answers().at(old_edge).window, nullptr);
  EXPECT_EQ(edge_.answers().at(old_edge).body, InCbor(Document(kPadding)));
  EXPECT_EQ(translator_.held(), 0U);
}

TEST_F(AnswerWindow, ClientVanishesThenNothingIsHeldForIt) {
  const uint64_t id = Begin();
  ASSERT_TRUE(UntilHeld(1));
  edge_.Cancel(id);
  EXPECT_TRUE(UntilHeld(0));
}

TEST_F(AnswerWindow, CancelledBeforeTheHomeserverAnswersThenNothingIsHeldForIt) {
  for (int i = 0; i < 50; ++i) {
    const uint64_t id = edge_.Submit(AskFor(kPadding));
    for (int turn = 0; turn < i % 7; ++turn) edge_.Turn(1ms);
    edge_.Cancel(id);
  }
  const uint64_t last = Begin();
  edge_.Cancel(last);
  EXPECT_TRUE(edge_.RunUntil(
      [&] { return translator_.held() == 0 && translator_.server().exchanges_in_flight() == 0; }));
}

TEST_F(AnswerWindow, EdgeDiesThenNothingIsHeldForIt) {
  {
    EdgeLoop other(translator_.target());
    ASSERT_TRUE(other.RunUntilReady());
    const uint64_t id = other.Submit(AskFor(kPadding));
    ASSERT_TRUE(other.RunUntil([&] { return other.answers().contains(id); }));
    EXPECT_EQ(translator_.held(), 1U);
  }
  EXPECT_TRUE(UntilHeld(0));
}

TEST_F(AnswerWindow, TranslatorDiesThenItIsBrokenOff) {
  const uint64_t id = Begin();
  translator_.Kill();
  EXPECT_TRUE(edge_.RunUntil([&] { return edge_.broken().contains(id); }));
  EXPECT_EQ(edge_.set().exchanges_in_flight(), 0U);
}

// Each asks under another token: all have as much.
TEST_F(AnswerWindow, NoRoomThenWhoeverComesLastIsToldToComeLater) {
  for (int i = 0; i < 6; ++i) (void)Begin();
  const uint64_t id = Begin();
  EXPECT_EQ(edge_.CodeOf(id), "5.02") << "deployed clients know no 5.03";
  EXPECT_EQ(edge_.answers().at(id).http_status, 503U);
  EXPECT_EQ(translator_.held(), 6U);
  EXPECT_TRUE(edge_.broken().empty());
}

TEST_F(AnswerWindow, OneHoldsMuchThenItMakesRoomForTheOthers) {
  const uint64_t heavy = Begin(900'000);
  for (int i = 0; i < 4; ++i) (void)Begin();
  EXPECT_TRUE(edge_.RunUntil([&] { return edge_.broken().contains(heavy); }));
  EXPECT_EQ(edge_.CountCode("2.05"), 5U);
  EXPECT_EQ(translator_.held(), 4U);
}

/// The document by CoAP, block by block.
TEST(AnswerWindowOverCoap, LargeDocumentThenItArrivesWholeAndTheEdgeKeepsOneWindowOfIt) {
  RealTranslator translator;
  RunningEdge edge(translator.target(), 1, false);
  auto connection = edge.Connect();
  ASSERT_TRUE(connection) << connection.error();
  constexpr size_t kLarge = 3'000'000;
  std::atomic<bool> done{false};
  uint64_t most = 0;
  std::thread watch([&] {
    while (!done) {
      most = std::max(most, edge.Sum([](const WorkerStats& s) { return s.download_bytes; }));
    }
  });
  client::Request request;
  for (const std::string& segment : AskFor(kLarge).path) {
    request.options.push_back(client::TextOption(coap::OptionNumber::kUriPath, segment));
  }
  const auto response = (*connection)->Exchange(request, std::chrono::seconds(60));
  done = true;
  watch.join();
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(response->body, InCbor(Document(kLarge)));
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, edge::request::kAnswerWindowDefault);
  EXPECT_EQ(edge.Sum([](const WorkerStats& s) { return s.request.windows; }), 1U);
  EXPECT_EQ(edge.Sum([](const WorkerStats& s) { return s.request.windows_asked_again; }), 0U);
  EXPECT_EQ(translator.held(), 0U);
}

}  // namespace
}  // namespace lowband
