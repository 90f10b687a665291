#include "services/edge/dtls/plaintext.h"

#include <algorithm>
#include <span>

namespace lowband::edge::dtls {
namespace {

constexpr uint8_t kMessageHelloVerifyRequest = 3;
constexpr uint8_t kLevelFatal = 2;

class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}
  void Number(size_t size, uint64_t value) {
    for (size_t i = size; i > 0; --i) out_[at_++] = static_cast<uint8_t>(value >> (8 * (i - 1)));
  }
  void Raw(ByteView bytes) {
    std::ranges::copy(bytes, out_.begin() + static_cast<ptrdiff_t>(at_));
    at_ += bytes.size();
  }
  void RecordHeader(tls::RecordType type, uint16_t version, uint64_t sequence) {
    Number(1, static_cast<uint8_t>(type));
    Number(2, version);
    Number(2, 0);  // epoch
    Number(6, sequence);
    Number(2, out_.size() - tls::kRecordHeaderBytes);
  }

 private:
  std::span<uint8_t> out_;
  size_t at_ = 0;
};

}  // namespace

std::array<uint8_t, kVerifyRequestBytes> WriteVerifyRequest(const tls::Record& record,
                                                            const ClientHello& hello,
                                                            const Cookie& cookie) {
  // The shortest ClientHello: record and handshake headers, version, random, two empty vectors,
  // one cipher suite, one compression method.
  static_assert(kVerifyRequestBytes < tls::kRecordHeaderBytes + 12 + 2 + 32 + 1 + 1 + 4 + 2);
  constexpr size_t kBodyBytes = 2 + 1 + kCookieBytes;
  std::array<uint8_t, kVerifyRequestBytes> out;
  Writer writer(out);
  // RFC 6347 §4.2.1: the record's number is the ClientHello's, since we keep no state; so is the
  // message's number, which is higher at the client's second attempt.
  writer.RecordHeader(tls::RecordType::kHandshake, record.version, record.sequence);
  writer.Number(1, kMessageHelloVerifyRequest);
  writer.Number(3, kBodyBytes);
  writer.Number(2, hello.message_sequence);
  writer.Number(3, 0);
  writer.Number(3, kBodyBytes);
  // RFC 6347 §4.2.1: DTLS 1.0 for any negotiated version; it denotes only the packet's format.
  writer.Number(2, tls::kDtls10);
  writer.Number(1, cookie.size());
  writer.Raw(cookie);
  return out;
}

std::array<uint8_t, kAlertBytes> WriteAlert(AlertDescription description, uint64_t sequence) {
  std::array<uint8_t, kAlertBytes> out;
  Writer writer(out);
  writer.RecordHeader(tls::RecordType::kAlert, tls::kDtls12, sequence);
  writer.Number(1, kLevelFatal);
  writer.Number(1, static_cast<uint8_t>(description));
  return out;
}

}  // namespace lowband::edge::dtls
