// Any bytes as a chunked body, cut where the first byte says: the result does not depend on the
// cuts, and what was accepted is the same after it was written again.
#include "libs/http/chunked.h"
#include "libs/http/limits.h"
#include "tests/fuzz/byte_script.h"

namespace {

using namespace lowband;
using fuzz::Check;

struct Decoded {
  std::string body;
  size_t consumed = 0;
  bool done = false;
  std::string_view wrong;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded Decode(std::string_view in, size_t piece) {
  http::ChunkedDecoder decoder;
  Decoded out;
  for (size_t seen = 0; seen < in.size();) {
    seen = std::min(seen + piece, in.size());
    while (true) {
      const std::string_view rest = in.substr(out.consumed, seen - out.consumed);
      const auto step = decoder.Next(rest);
      if (!step) {
        Check(step.error().status == 400 && step.error().fault == http::Fault::kChunk);
        Check(!step.error().text.empty());
        out.wrong = step.error().text;
        out.consumed = 0;  // before a refusal, more may have been taken in larger steps
        return out;
      }
      Check(step->consumed <= rest.size() && step->data.size() <= step->consumed);
      if (step->consumed == 0) break;
      out.consumed += step->consumed;
      out.body += step->data;
    }
    // What is left waits for the end of a line, and no line may be that long.
    Check(decoder.done() || seen - out.consumed <= http::kTrailerBytesMax + 2);
  }
  out.done = decoder.done();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = Decode(in, std::max<size_t>(in.size(), 1));
  Check(Decode(in, 1 + data[0]) == whole);
  Check(Decode(in, 1) == whole);
  if (!whole.done) return 0;
  Check(in.substr(0, whole.consumed).ends_with("\r\n\r\n"));
  std::string again;
  if (!whole.body.empty()) {
    again = http::ChunkHead(whole.body.size()) + whole.body;
    again += http::kChunkEnd;
  }
  again += http::kLastChunk;
  const Decoded reread = Decode(again, again.size());
  Check(reread.done && reread.body == whole.body && reread.consumed == again.size());
  return 0;
}
