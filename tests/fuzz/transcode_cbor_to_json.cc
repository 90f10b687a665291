// CBOR of a peer: refused exactly when the model refuses it; else the same tree, and a fixed point
// when it goes back and forth.
#include <algorithm>
#include <string>

#include "libs/transcode/transcode.h"
#include "tests/fuzz/transcode_check.h"
#include "tests/support/transcode_model.h"

namespace lowband::transcode {
namespace {

void CheckFixedPoint(const std::string& json, Rules rules, KeyTable keys) {
  Bytes cbor;
  Check(JsonToCbor(json, cbor, keys).has_value(), "what we wrote as JSON we read");
  std::string again;
  Check(CborToJson(cbor, again, Order::kSource, rules).has_value(), "and back");
  Check(again == json, "the same text again");
}

void CheckCanonical(ByteView cbor, const std::string& json, Rules rules) {
  std::string canonical;
  Check(CborToJson(cbor, canonical, Order::kCanonical, rules).has_value(), "any order is read");
  Check(canonical.size() == json.size(), "order changes no size");
  Check(nlohmann::json::parse(canonical) == nlohmann::json::parse(json), "nor meaning");
  Bytes sorted;
  Check(JsonToCbor(json, sorted, KeyTable::kV1, Order::kCanonical).has_value(), "CBOR is sorted");
  std::string resorted;
  Check(CborToJson(sorted, resorted, Order::kCanonical, rules).has_value(), "and read");
  Check(resorted == canonical, "one canonical text");
}

/// True if a number lies below −2^63, where what is written back is the float nearest to it.
bool BelowInt64(const nlohmann::json& tree) {
  if (tree.is_number_float()) return tree.get<double>() <= -0x1p63;
  return tree.is_structured() && std::any_of(tree.begin(), tree.end(), BelowInt64);
}

void CheckUnder(Rules rules, ByteView cbor) {
  std::string json = "before";
  const auto result = CborToJson(cbor, json, Order::kSource, rules);
  const auto model = ModelOfCbor(cbor);
  Check(result.has_value() == model.has_value(), "refused exactly when the model refuses");
  if (!result) {
    Check(result.error().offset <= cbor.size(), "the offset is within the input");
    Check(json == "before", "an error leaves the output alone");
    return;
  }
  Check(json.starts_with("before"), "output is appended");
  json.erase(0, 6);
  Check(nlohmann::json::parse(json) == *model, "the tree of the model");
  Bytes settled(cbor.begin(), cbor.end());
  if (BelowInt64(*model)) {
    settled.clear();
    Check(JsonToCbor(json, settled).has_value(), "what we wrote as JSON we read");
    json.clear();
    Check(CborToJson(settled, json, Order::kSource, rules).has_value(), "and back");
  }
  CheckFixedPoint(json, rules, KeyTable::kV1);
  CheckFixedPoint(json, rules, KeyTable::kStrings);
  CheckCanonical(settled, json, rules);
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowband::ByteView cbor(data, size);
  lowband::transcode::CheckUnder(lowband::transcode::Rules::kRequest, cbor);
  lowband::transcode::CheckUnder(lowband::transcode::Rules::kResponse, cbor);
  return 0;
}
