// Records and ClientHellos as they come from anyone.
#include <gtest/gtest.h>

#include "libs/tls/record.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {
namespace {

constexpr auto kRecordTypeCid = static_cast<uint8_t>(tls::RecordType::kConnectionId);

Bytes RecordOf(uint8_t type, size_t length, uint8_t minor = 0xfd) {
  Bytes out = {type, 0xfe, minor, 0, 1, 0, 0, 0, 0, 2, 3};
  if (type == kRecordTypeCid) Append(out, Bytes{1, 2, 3, 4, 5, 6, 7, 8});
  out.push_back(static_cast<uint8_t>(length >> 8));
  out.push_back(static_cast<uint8_t>(length));
  Append(out, Bytes(length, 0xaa));
  return out;
}

TEST(TakeRecord, PlainRecordThenItsFields) {
  const Bytes bytes = RecordOf(23, 5);
  ByteView rest = bytes;
  const auto record = tls::TakeRecord(rest, kConnectionIdBytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->type, tls::RecordType::kApplicationData);
  EXPECT_EQ(record->version, 0xfefd);
  EXPECT_EQ(record->epoch, 1);
  EXPECT_EQ(record->sequence, 0x0203u);
  EXPECT_EQ(record->fragment.size(), 5u);
  EXPECT_EQ(record->bytes.size(), bytes.size());
  EXPECT_TRUE(rest.empty());
}

TEST(TakeRecord, ConnectionIdThenReadBehindTheSequenceNumber) {
  const Bytes bytes = RecordOf(kRecordTypeCid, 5);
  ByteView rest = bytes;
  const auto record = tls::TakeRecord(rest, kConnectionIdBytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(IdOf(*record), (ConnectionId{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(record->fragment.size(), 5u);
  EXPECT_EQ(OwnerOf(bytes, 7), 1u);
}

TEST(TakeRecord, TwoRecordsThenOneAtATime) {
  Bytes bytes = RecordOf(22, 3);
  Append(bytes, RecordOf(20, 1));
  ByteView rest = bytes;
  EXPECT_EQ(tls::TakeRecord(rest, kConnectionIdBytes)->type, tls::RecordType::kHandshake);
  EXPECT_EQ(tls::TakeRecord(rest, kConnectionIdBytes)->type, tls::RecordType::kChangeCipherSpec);
  EXPECT_FALSE(tls::TakeRecord(rest, kConnectionIdBytes));
}

TEST(TakeRecord, CutAnywhereThenNone) {
  for (const uint8_t type : {uint8_t{23}, kRecordTypeCid}) {
    const Bytes bytes = RecordOf(type, 5);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ByteView rest = ByteView(bytes).first(size);
      EXPECT_FALSE(tls::TakeRecord(rest, kConnectionIdBytes)) << size;
    }
  }
}

TEST(TakeRecord, UnknownTypeVersionOrEmptyThenNone) {
  for (const uint8_t type : {0, 19, 24, 26, 64, 128, 255}) {
    const Bytes bytes = RecordOf(type, 5);
    ByteView rest = bytes;
    EXPECT_FALSE(tls::TakeRecord(rest, kConnectionIdBytes)) << int{type};
  }
  const Bytes old = RecordOf(22, 5, 0x03);
  ByteView rest = old;
  EXPECT_FALSE(tls::TakeRecord(rest, kConnectionIdBytes));
  const Bytes empty = RecordOf(22, 0);
  rest = empty;
  EXPECT_FALSE(tls::TakeRecord(rest, kConnectionIdBytes));
}

TEST(OwnerOf, ShortOrWithoutIdThenNone) {
  EXPECT_EQ(OwnerOf(RecordOf(23, 50), 4), std::nullopt);
  EXPECT_EQ(OwnerOf(Bytes(18, kRecordTypeCid), 4), std::nullopt);
  EXPECT_EQ(OwnerOf({}, 4), std::nullopt);
}

// A ClientHello, put together from parts that a test may change.
struct HelloParts {
  Bytes session_id;
  Bytes cookie;
  Bytes suites = {0xc0, 0x2b, 0xc0, 0x2f};
  Bytes compression = {0};
  Bytes extensions = {0, 23, 0, 0};
  bool with_extensions = true;

  Bytes Body() const {
    Bytes out = {0xfe, 0xfd};
    Append(out, Bytes(32, 0x11));
    out.push_back(static_cast<uint8_t>(session_id.size()));
    Append(out, session_id);
    out.push_back(static_cast<uint8_t>(cookie.size()));
    Append(out, cookie);
    out.push_back(0);
    out.push_back(static_cast<uint8_t>(suites.size()));
    Append(out, suites);
    out.push_back(static_cast<uint8_t>(compression.size()));
    Append(out, compression);
    if (with_extensions) {
      out.push_back(0);
      out.push_back(static_cast<uint8_t>(extensions.size()));
      Append(out, extensions);
    }
    return out;
  }
  static Bytes Message(const Bytes& body) {
    const auto size = static_cast<uint8_t>(body.size());
    Bytes out = {1, 0, 0, size, 0, 5, 0, 0, 0, 0, 0, size};
    Append(out, body);
    return out;
  }
  Bytes Message() const { return Message(Body()); }
};

HelloError ErrorOf(const Bytes& message) {
  const auto parsed = ParseClientHello(message);
  EXPECT_FALSE(parsed);
  return parsed ? HelloError{} : parsed.error();
}

TEST(ParseClientHello, WholeThenItsFields) {
  HelloParts parts;
  parts.session_id = Bytes(32, 3);
  parts.cookie = Bytes(20, 4);
  const Bytes message = parts.Message();
  const auto hello = ParseClientHello(message);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, 0xfefd);
  EXPECT_EQ(hello->message_sequence, 5);
  EXPECT_EQ(hello->random.size(), 32u);
  EXPECT_EQ(hello->session_id.size(), 32u);
  EXPECT_EQ(hello->cookie.size(), 20u);
  EXPECT_EQ(hello->cipher_suites.size(), 4u);
  EXPECT_TRUE(hello->extended_master_secret);
}

TEST(ParseClientHello, NoExtensionsThenAccepted) {
  HelloParts parts;
  parts.with_extensions = false;
  const Bytes message = parts.Message();
  const auto hello = ParseClientHello(message);
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->extended_master_secret);
}

TEST(ParseClientHello, CutAnywhereThenRefused) {
  const Bytes body = HelloParts().Body();
  const size_t without_extensions = body.size() - 2 - HelloParts().extensions.size();
  for (size_t size = 0; size < body.size(); ++size) {
    const Bytes cut(body.begin(), body.begin() + static_cast<ptrdiff_t>(size));
    const Bytes message = HelloParts::Message(cut);
    // Where the extensions would begin is a good place to end.
    EXPECT_EQ(ParseClientHello(message).has_value(), size == without_extensions) << size;
    // The same, cut off by the record.
    const Bytes whole = HelloParts().Message();
    EXPECT_FALSE(ParseClientHello(ByteView(whole).first(12 + size))) << size;
  }
}

TEST(ParseClientHello, FragmentsThenToldApart) {
  Bytes message = HelloParts().Message();
  message[8] = 1;  // fragment offset
  EXPECT_EQ(ErrorOf(message), HelloError::kFragmented);
  message = HelloParts().Message();
  message[11] -= 1;  // fragment length
  EXPECT_EQ(ErrorOf(message), HelloError::kFragmented);
  message = HelloParts().Message();
  message.push_back(0);  // something behind it in the record
  EXPECT_EQ(ErrorOf(message), HelloError::kFragmented);
}

TEST(ParseClientHello, OtherMessageThenToldApart) {
  Bytes message = HelloParts().Message();
  message[0] = 2;
  EXPECT_EQ(ErrorOf(message), HelloError::kNotClientHello);
}

TEST(ParseClientHello, BadListsThenMalformed) {
  HelloParts parts;
  parts.session_id = Bytes(33, 3);
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
  parts = {};
  parts.suites = {};
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
  parts.suites = {0xc0, 0x2b, 0xc0};
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
  parts = {};
  parts.compression = {};
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
  parts = {};
  parts.extensions = {0, 23, 0, 1};
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
  parts.extensions = {0, 23, 0};
  EXPECT_EQ(ErrorOf(parts.Message()), HelloError::kMalformed);
}

}  // namespace
}  // namespace lowband::edge::dtls
