// Anything read as a datagram of records, and each record as a ClientHello: what is found lies
// inside the input, and what is refused is refused without a trace.
#include <cstdlib>

#include "libs/tls/record.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/cookie.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/plaintext.h"

namespace {

using lowband::ByteView;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireInside(ByteView part, ByteView whole) {
  if (part.empty()) return;
  Require(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lowband::edge::dtls;
  static CookieJar jar{CookieSecret{}};
  const lowband::TimePoint now(std::chrono::hours(1));
  const lowband::SocketAddress peer;
  const ByteView whole(data, size);
  ByteView rest = whole;
  while (const auto record = lowband::tls::TakeRecord(rest, kConnectionIdBytes)) {
    RequireInside(record->bytes, whole);
    RequireInside(record->fragment, record->bytes);
    Require(!record->fragment.empty());
    const auto hello = ParseClientHello(record->fragment);
    if (!hello) continue;
    for (const ByteView part : {hello->random, hello->session_id, hello->cookie,
                                hello->cipher_suites, hello->compression_methods}) {
      RequireInside(part, record->fragment);
    }
    Require(!jar.Check(now, peer, *hello).has_value());  // A cookie cannot be guessed.
    const Cookie cookie = jar.Make(now, peer, *hello);
    Require(WriteVerifyRequest(*record, *hello, cookie).size() < record->bytes.size());
    ClientHello answered = *hello;
    answered.cookie = cookie;
    Require(jar.Check(now, peer, answered).has_value());
  }
  Require(OwnerOf(whole, 7).value_or(0) < 7);
  return 0;
}
