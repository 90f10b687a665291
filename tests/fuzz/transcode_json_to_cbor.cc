// JSON of a homeserver: refused when nlohmann/json refuses it (but for what we make the best of);
// else the same tree, the canonical bytes of the model, and a fixed point from then on. And what is
// more than a reader takes becomes what it takes.
#include <string>

#include "libs/transcode/json_mend.h"
#include "libs/transcode/transcode.h"
#include "tests/fuzz/transcode_check.h"
#include "tests/support/transcode_model.h"

namespace lowband::transcode {
namespace {

std::string ReadBack(const Bytes& cbor) {
  std::string json;
  Check(CborToJson(cbor, json, Order::kSource, Rules::kResponse).has_value(),
        "what we wrote as CBOR we read");
  return json;
}

void CheckTree(const nlohmann::json& model, std::string_view json, const Bytes& cbor,
               KeyTable keys) {
  Check(ModelOfCbor(cbor) == model, "the tree of nlohmann/json");
  Bytes canonical;
  Check(JsonToCbor(json, canonical, keys, Order::kCanonical).has_value(), "any order is written");
  Check(canonical == CanonicalCbor(model, keys), "the canonical bytes of the model");
  Check(canonical.size() == cbor.size(), "order changes no size");
}

void CheckWith(KeyTable keys, std::string_view json) {
  Bytes cbor = {0x01};
  const auto result = JsonToCbor(json, cbor, keys);
  const auto model = ModelOfJson(json);
  if (!result) {
    Check(!model.has_value(), "what nlohmann/json reads we read");
    Check(result.error().offset <= json.size(), "the offset is within the input");
    Check(cbor == Bytes{0x01}, "an error leaves the output alone");
    return;
  }
  Check(cbor.front() == 0x01, "output is appended");
  cbor.erase(cbor.begin());
  Check(model.has_value() || BeyondNlohmann(json), "what it refuses we refuse");
  if (model) CheckTree(*model, json, cbor, keys);
  // Large floats may come back as the integers they equal; after that nothing changes.
  const std::string text = ReadBack(cbor);
  Bytes second;
  Check(JsonToCbor(text, second, keys).has_value(), "and write again");
  Check(ReadBack(second) == text, "the same text again");
}

/// What a reader of little does not take is mended, and nothing else is.
void CheckMend(std::string_view json) {
  constexpr ReaderLimits kReader{4, 4};
  Bytes cbor;
  const bool taken = JsonToCbor(json, cbor, KeyTable::kV1, Order::kSource, kReader).has_value();
  const auto mended = MendJson(json, kReader);
  Check(!taken || !mended, "what is taken is left alone");
  if (!mended) return;
  Check(mended->mends.Total() > 0, "mends are counted");
  Check(JsonToCbor(mended->json, cbor, KeyTable::kV1, Order::kSource, kReader).has_value(),
        "what is mended is taken");
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  lowband::transcode::CheckWith(lowband::transcode::KeyTable::kStrings, json);
  lowband::transcode::CheckWith(lowband::transcode::KeyTable::kV1, json);
  lowband::transcode::CheckMend(json);
  return 0;
}
