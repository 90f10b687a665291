// Any bytes as CBOR: condensed and expanded they are the same again, or they are refused. Any bytes
// as a condensed document: read or refused, never more than allowed.
#include <algorithm>

#include "libs/transcode/condense.h"
#include "tests/fuzz/transcode_check.h"

namespace lowband::transcode {
namespace {

constexpr size_t kBytesMax = 64 * 1024;

void CheckCondense(ByteView cbor) {
  const auto condensed = Condense(cbor);
  if (!condensed) return;
  Bytes apart;
  Check(Expand(condensed->items, condensed->octets, cbor.size(), apart).has_value(), "read, apart");
  Check(apart == Bytes(cbor.begin(), cbor.end()), "the same, apart");
  Bytes in_place;
  Check(Expand(condensed->InPlace(), cbor.size(), in_place).has_value(), "read, in place");
  Check(in_place == apart, "the same, in place");
}

void CheckExpand(ByteView condensed) {
  Bytes cbor;
  if (Expand(condensed, kBytesMax, cbor)) Check(cbor.size() <= kBytesMax, "no longer than allowed");
  if (condensed.empty()) return;
  // The first byte says where the octets begin.
  const size_t items = std::min<size_t>(condensed[0], condensed.size() - 1);
  cbor.clear();
  if (Expand(condensed.subspan(1, items), condensed.subspan(1 + items), kBytesMax, cbor)) {
    Check(cbor.size() <= kBytesMax, "no longer than allowed, apart");
  }
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lowband::transcode::CheckCondense({data, size});
  lowband::transcode::CheckExpand({data, size});
  return 0;
}
