// The speed of the transcoder compared with nlohmann/json: MB/s of JSON text in both directions.
//
// Small documents come in many variants, so that branch predictors do not learn one of them.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/sync_documents.h"
#include "libs/transcode/deflate.h"
#include "libs/transcode/packed.h"
#include "libs/transcode/transcode.h"

namespace lowband::bench {
namespace {

constexpr uint64_t kSeed = 3079;
constexpr size_t kVariants = 256;

enum Document : int64_t { kIdle, kMessage, kLarge };

const std::vector<std::string>& Json(int64_t document) {
  static const std::vector<std::string> idle = IdleSyncs(kVariants, kSeed);
  static const std::vector<std::string> message = MessageSyncs(kVariants, kSeed);
  static const std::vector<std::string> large = {LargeSync(129'000, kSeed),
                                                 LargeSync(129'000, kSeed + 1)};
  if (document == kIdle) return idle;
  return document == kMessage ? message : large;
}

/// The same documents as CBOR.
std::vector<Bytes> Cbor(int64_t document, transcode::KeyTable keys) {
  std::vector<Bytes> documents;
  for (const std::string& json : Json(document)) {
    if (!transcode::JsonToCbor(json, documents.emplace_back(), keys)) std::abort();
  }
  return documents;
}

/// Counts the JSON bytes of both directions, so that they compare.
class Meter {
 public:
  explicit Meter(benchmark::State& state) : state_(state), json_(Json(state.range(0))) {}
  ~Meter() { state_.SetBytesProcessed(static_cast<int64_t>(bytes_)); }

  size_t Next() {
    at_ = (at_ + 1) % json_.size();
    bytes_ += json_[at_].size();
    return at_;
  }

 private:
  benchmark::State& state_;
  const std::vector<std::string>& json_;
  size_t at_ = 0;
  size_t bytes_ = 0;
};

void JsonToCbor(benchmark::State& state) {
  const std::vector<std::string>& json = Json(state.range(0));
  Bytes cbor;
  Meter meter(state);
  for (auto _ : state) {
    cbor.clear();
    if (!transcode::JsonToCbor(json[meter.Next()], cbor)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(cbor.data());
  }
}

void CborToJson(benchmark::State& state) {
  const std::vector<Bytes> cbor = Cbor(state.range(0), transcode::KeyTable::kV1);
  std::string json;
  Meter meter(state);
  for (auto _ : state) {
    json.clear();
    if (!transcode::CborToJson(cbor[meter.Next()], json)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(json.data());
  }
}

void JsonToCborNlohmann(benchmark::State& state) {
  const std::vector<std::string>& json = Json(state.range(0));
  Bytes cbor;
  Meter meter(state);
  for (auto _ : state) {
    cbor.clear();
    nlohmann::json::to_cbor(nlohmann::json::parse(json[meter.Next()]), cbor);
    benchmark::DoNotOptimize(cbor.data());
  }
}

void CborToJsonNlohmann(benchmark::State& state) {
  const std::vector<Bytes> cbor = Cbor(state.range(0), transcode::KeyTable::kStrings);
  Meter meter(state);
  for (auto _ : state) {
    const std::string json = nlohmann::json::from_cbor(cbor[meter.Next()]).dump();
    benchmark::DoNotOptimize(json.data());
  }
}

/// The additional cost of a compressed answer; `shrinks` is the compression ratio of CBOR.
template <auto kCompress>
void Compress(benchmark::State& state) {
  const std::vector<Bytes> cbor = Cbor(state.range(0), transcode::KeyTable::kV1);
  Meter meter(state);
  size_t before = 0;
  size_t after = 0;
  for (auto _ : state) {
    const Bytes& plain = cbor[meter.Next()];
    const auto compressed = kCompress(plain);
    before += plain.size();
    after += compressed ? compressed->size() : plain.size();
  }
  state.counters["shrinks"] = static_cast<double>(before) / static_cast<double>(after);
}

void DeflateCbor(benchmark::State& state) { Compress<transcode::Deflate>(state); }
void PackCbor(benchmark::State& state) { Compress<transcode::Pack>(state); }

template <auto kCompress, auto kRestore>
void Restore(benchmark::State& state) {
  std::vector<Bytes> compressed;
  for (const Bytes& cbor : Cbor(state.range(0), transcode::KeyTable::kV1)) {
    compressed.push_back(kCompress(cbor).value_or(Bytes{}));
  }
  constexpr size_t kBytesMax = size_t{1} << 24;
  Meter meter(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kRestore(compressed[meter.Next()], kBytesMax));
  }
}

void InflateCbor(benchmark::State& state) {
  Restore<transcode::Deflate, transcode::Inflate>(state);
}
void UnpackCbor(benchmark::State& state) { Restore<transcode::Pack, transcode::Unpack>(state); }

void EachDocument(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(kIdle)->Arg(kMessage)->Arg(kLarge)->ArgName("document");
}

BENCHMARK(JsonToCbor)->Apply(EachDocument);
BENCHMARK(JsonToCborNlohmann)->Apply(EachDocument);
BENCHMARK(CborToJson)->Apply(EachDocument);
BENCHMARK(CborToJsonNlohmann)->Apply(EachDocument);
BENCHMARK(DeflateCbor)->Apply(EachDocument);
BENCHMARK(InflateCbor)->Apply(EachDocument);
BENCHMARK(PackCbor)->Apply(EachDocument);
BENCHMARK(UnpackCbor)->Apply(EachDocument);

}  // namespace
}  // namespace lowband::bench

BENCHMARK_MAIN();
