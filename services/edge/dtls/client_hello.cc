#include "services/edge/dtls/client_hello.h"

#include <optional>

namespace lowband::edge::dtls {
namespace {

constexpr uint8_t kMessageClientHello = 1;
constexpr size_t kRandomBytes = 32;
constexpr size_t kSessionIdBytesMax = 32;
constexpr uint16_t kExtensionSignatureAlgorithms = 13;
constexpr uint16_t kExtensionExtendedMasterSecret = 23;
constexpr uint16_t kExtensionSessionTicket = 35;

/// Takes fields off the front; once bytes are missing, `ok` stays false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  ByteView Take(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  uint32_t Number(size_t size) {
    uint32_t out = 0;
    for (const uint8_t byte : Take(size)) out = out << 8 | byte;
    return out;
  }
  /// A vector with a length of `size` bytes in front.
  ByteView Vector(size_t size) { return Take(Number(size)); }
  bool empty() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  ByteView rest_;
  bool ok_ = true;
};

// False for a malformed list, which the engine will refuse.
bool OffersEcdsaWithSha384(ByteView extension) {
  constexpr uint32_t kSha384AndEcdsa = 0x0503;
  Reader list(Reader(extension).Vector(2));
  while (!list.empty()) {
    if (list.Number(2) == kSha384AndEcdsa && list.ok()) return true;
  }
  return false;
}

// False if the list of extensions is malformed.
bool ReadExtensions(ByteView bytes, ClientHello& hello) {
  Reader reader(bytes);
  while (!reader.empty()) {
    const uint32_t type = reader.Number(2);
    const ByteView data = reader.Vector(2);
    if (!reader.ok()) return false;
    if (type == kExtensionSignatureAlgorithms) {
      hello.ecdsa_with_sha384 = OffersEcdsaWithSha384(data);
    }
    if (type == kExtensionSessionTicket) {
      hello.knows_tickets = true;
      hello.ticket = !data.empty();
    }
    if (type == kExtensionExtendedMasterSecret) hello.extended_master_secret = true;
  }
  return true;
}

}  // namespace

Result<ClientHello, HelloError> ParseClientHello(ByteView fragment) {
  Reader header(fragment);
  const uint32_t type = header.Number(1);
  const uint32_t length = header.Number(3);
  ClientHello hello;
  hello.message_sequence = static_cast<uint16_t>(header.Number(2));
  const uint32_t fragment_offset = header.Number(3);
  const uint32_t fragment_length = header.Number(3);
  if (!header.ok()) return Failure(HelloError::kMalformed);
  if (type != kMessageClientHello) return Failure(HelloError::kNotClientHello);
  if (fragment_offset != 0 || fragment_length != length) return Failure(HelloError::kFragmented);
  Reader body(header.Take(length));
  if (!header.ok()) return Failure(HelloError::kMalformed);
  if (!header.empty()) return Failure(HelloError::kFragmented);

  hello.version = static_cast<uint16_t>(body.Number(2));
  hello.random = body.Take(kRandomBytes);
  hello.session_id = body.Vector(1);
  hello.cookie = body.Vector(1);
  hello.cipher_suites = body.Vector(2);
  hello.compression_methods = body.Vector(1);
  if (!body.ok() || hello.session_id.size() > kSessionIdBytesMax) {
    return Failure(HelloError::kMalformed);
  }
  if (hello.cipher_suites.size() < 2 || hello.cipher_suites.size() % 2 != 0 ||
      hello.compression_methods.empty()) {
    return Failure(HelloError::kMalformed);
  }
  if (body.empty()) return hello;  // No extensions at all: RFC 5246 allows it.
  const ByteView extensions = body.Vector(2);
  if (!body.ok() || !body.empty() || !ReadExtensions(extensions, hello)) {
    return Failure(HelloError::kMalformed);
  }
  return hello;
}

}  // namespace lowband::edge::dtls
