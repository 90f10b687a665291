#include "services/translator/mapping/answer.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/mapping_fixture.h"

namespace lowband::translator::mapping {
namespace {

using testing::Http;

std::string Answer(const HttpResponse& response, const AnswerForm& form) {
  return testing::Show(Mapping({}).ToCoap(form, response));
}

// A sync's worth of members: long, and much of it alike.
std::string Members() {
  std::string json = R"({"chunk":[)";
  for (int i = 0; i < 40; ++i) {
    json += (i == 0 ? R"({"state_key":"@user)" : R"(,{"state_key":"@user)") + std::to_string(i) +
            R"(:example.org","content":{"membership":"join"}})";
  }
  return json + "]}";
}

TEST(CompressBody, AskedForDeflateThenTheSameDocumentShorter) {
  for (const bool cbor : {true, false}) {
    AnswerForm form;
    form.cbor = cbor;
    const ingress::ExchangeAnswer plain = Mapping({}).ToCoap(form, Http(200, Members()));
    form.compression = Compression::kDeflate;
    const ingress::ExchangeAnswer deflated = Mapping({}).ToCoap(form, Http(200, Members()));
    EXPECT_EQ(deflated.head.content_format(), cbor ? 11060u : 11050u);
    EXPECT_LT(deflated.body.size(), plain.body.size() / 4);
    EXPECT_EQ(deflated.uncompressed, plain.body.size());
    EXPECT_EQ(testing::BodyJson(deflated), testing::BodyJson(plain));
  }
}

TEST(CompressBody, AskedForPackedThenTheSameDocumentShorterStill) {
  AnswerForm form;
  const ingress::ExchangeAnswer plain = Mapping({}).ToCoap(form, Http(200, Members()));
  form.compression = Compression::kDeflate;
  const ingress::ExchangeAnswer deflated = Mapping({}).ToCoap(form, Http(200, Members()));
  form.compression = Compression::kPacked;
  const ingress::ExchangeAnswer packed = Mapping({}).ToCoap(form, Http(200, Members()));
  EXPECT_EQ(packed.head.content_format(), 65079u);
  EXPECT_LT(packed.body.size(), deflated.body.size());
  EXPECT_EQ(packed.uncompressed, plain.body.size());
  EXPECT_EQ(testing::BodyJson(packed), testing::BodyJson(plain));
}

TEST(CompressBody, PackedWouldMakeItNoShorterThenItStays) {
  AnswerForm form;
  form.compression = Compression::kPacked;
  EXPECT_EQ(Answer(Http(200, "{}"), form), "2.05 60 {}");
  EXPECT_EQ(Answer(Http(200, R"({"a":"b"})"), form), R"(2.05 60 {"a":"b"})");
}

TEST(CompressBody, DeflateWouldMakeItNoShorterThenItStays) {
  AnswerForm form;
  form.compression = Compression::kDeflate;
  EXPECT_EQ(Answer(Http(200, R"({"event_id":"$abc"})"), form), R"(2.05 60 {"event_id":"$abc"})");
  EXPECT_EQ(Answer(Http(200, "{}"), form), "2.05 60 {}");
  form.cbor = false;
  EXPECT_EQ(Answer(Http(200, R"({"a":1})"), form), R"(2.05 50 {"a":1})");
}

TEST(CompressBody, AnErrorOrAPageIsAskedForUnderDeflateThenItIsReadable) {
  AnswerForm form;
  form.compression = Compression::kDeflate;
  const std::string error =
      R"({"errcode":"M_FORBIDDEN","error":")" + std::string(200, 'x') + R"("})";
  EXPECT_EQ(Answer(Http(403, error), form), "4.03 11060 " + error);
  EXPECT_TRUE(Answer(Http(502, std::string(500, 'p'), "text/html"), form).starts_with("5.02 "));
}

}  // namespace
}  // namespace lowband::translator::mapping
