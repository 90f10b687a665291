// A zlib stream from anyone: read or refused, never more than allowed; what is read packs and
// unpacks to itself.
#include "libs/transcode/deflate.h"
#include "tests/fuzz/transcode_check.h"

namespace lowband::transcode {
namespace {

void CheckInflate(ByteView packed) {
  constexpr size_t kBytesMax = 64 * 1024;
  const auto plain = Inflate(packed, kBytesMax);
  if (!plain) return;
  Check(plain->size() <= kBytesMax, "no longer than allowed");
  const auto again = Deflate(*plain);
  if (!again) return;
  Check(again->size() < plain->size(), "shorter");
  Check(Inflate(*again, kBytesMax) == plain, "the same again");
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lowband::transcode::CheckInflate({data, size});
  return 0;
}
