// A packed body from anyone: read or refused, never more than allowed; what is read packs and
// unpacks to itself, and is never longer then.
#include "libs/transcode/packed.h"
#include "tests/fuzz/transcode_check.h"

namespace lowband::transcode {
namespace {

void CheckUnpack(ByteView packed) {
  constexpr size_t kBytesMax = 64 * 1024;
  const auto cbor = Unpack(packed, kBytesMax);
  if (!cbor) return;
  Check(cbor->size() <= kBytesMax, "no longer than allowed");
  const auto again = Pack(*cbor);
  if (!again) return;
  Check(again->size() < cbor->size(), "shorter");
  const auto once_more = Unpack(*again, kBytesMax);
  Check(once_more && *once_more == *cbor, "the same again");
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lowband::transcode::CheckUnpack({data, size});
  return 0;
}
