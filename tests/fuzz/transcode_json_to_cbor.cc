// JSON of a homeserver: refused when nlohmann/json refuses it (but for what we make the best of);
// else the same tree, the canonical bytes of the model, and a fixed point from then on.
#include <algorithm>
#include <string>

#include "libs/transcode/transcode.h"
#include "tests/fuzz/transcode_check.h"
#include "tests/unit/transcode/model.h"

namespace lowband::transcode {
namespace {

std::string ReadBack(const Bytes& cbor) {
  std::string json;
  Check(CborToJson(cbor, json, Order::kSource, Rules::kResponse).has_value(),
        "what we wrote as CBOR we read");
  return json;
}

/// True if a number lies where the tree holds a float and CBOR has an exact integer.
bool BelowInt64(const nlohmann::json& tree) {
  if (tree.is_number_float()) {
    const auto number = tree.get<double>();
    return number <= -0x1p63 && number >= -0x1p64;
  }
  return tree.is_structured() && std::any_of(tree.begin(), tree.end(), BelowInt64);
}

void CheckTree(const nlohmann::json& model, std::string_view json, const Bytes& cbor,
               KeyTable keys) {
  Check(ModelOfCbor(cbor, Rules::kResponse) == model, "the tree of nlohmann/json");
  Bytes canonical;
  Check(JsonToCbor(json, canonical, keys, Order::kCanonical).has_value(), "any order is written");
  if (!BelowInt64(model)) {
    Check(canonical == CanonicalCbor(model, keys), "the canonical bytes of the model");
  }
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

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  lowband::transcode::CheckWith(lowband::transcode::KeyTable::kStrings, json);
  lowband::transcode::CheckWith(lowband::transcode::KeyTable::kV1, json);
  return 0;
}
