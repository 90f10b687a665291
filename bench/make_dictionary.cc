// Computes the entropy tables of the packed format's dictionary, and prints them as the text of
// libs/transcode/dictionary_entropy_v1.inc; with --check, compares them with the dictionary.
//
// The samples are the documents of the dictionary in many variations: other IDs, keys, texts and
// times, from a fixed seed. No real person's data is in them. Another version of zstd may compute
// other tables; those that are in use stay.
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/transcode/condense.h"
#include "libs/transcode/dictionary.h"
#include "libs/transcode/limits.h"
#include "libs/transcode/transcode.h"

namespace lowband::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kSeed = 3079;
constexpr size_t kVariations = 40;
constexpr int kLevel = 9;
constexpr uint32_t kDictionaryId = 1;
constexpr size_t kEntropyBytesMax = 1024;
constexpr int64_t kTimeMin = 1'000'000'000'000;

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kWords[] = {
    "the",  "to",   "and",  "is",    "you",  "in",     "that",   "it",       "for",    "we",
    "on",   "not",  "have", "are",   "can",  "with",   "this",   "be",       "will",   "yes",
    "ok",   "no",   "see",  "at",    "now",  "there",  "meet",   "tomorrow", "thanks", "good",
    "time", "when", "what", "about", "just", "really", "please", "nice",     "here",   "going"};
constexpr std::string_view kNames[] = {"alice",  "bob",   "carol",  "dave",  "erin",    "frank",
                                       "grace",  "heidi", "ivan",   "judy",  "mallory", "niaj",
                                       "olivia", "peggy", "rupert", "sybil", "trent",   "walter"};

class Variation {
 public:
  explicit Variation(std::mt19937& random) : random_(random) {}

  void Vary(Json& json) {
    if (json.is_object() || json.is_array()) {
      for (auto& item : json) Vary(item);
    } else if (json.is_number_integer()) {
      const auto number = json.get<int64_t>();
      if (number >= kTimeMin) json = number + static_cast<int64_t>(Below(100'000'000'000));
      if (number > 100 && number < kTimeMin) json = Below(static_cast<size_t>(2 * number));
    } else if (json.is_string()) {
      json = Vary(json.get<std::string>());
    }
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }
  std::string Characters(std::string_view alphabet, size_t count) {
    std::string text;
    while (text.size() < count) text.push_back(alphabet[Below(alphabet.size())]);
    // The unused bits of the last character are zero.
    const size_t last = alphabet.find(text.back());
    if (count % 4 == 2) text.back() = alphabet[last & 0x30];
    if (count % 4 == 3) text.back() = alphabet[last & 0x3c];
    return text;
  }
  std::string Name() { return std::string(kNames[Below(std::size(kNames))]); }

  std::string Vary(const std::string& text) {
    if (text.starts_with('@'))
      return "@" + Name() + text.substr(std::min(text.find(':'), text.size()));
    if (text.starts_with('$') && text.size() > 20) return "$" + Characters(kUrl, text.size() - 1);
    if (text.starts_with('!')) {
      const size_t server = std::min(text.find(':'), text.size());
      return "!" + Characters(kUrl.substr(0, 52), server - 1) + text.substr(server);
    }
    const bool base64 = text.size() >= 22 && text.size() % 4 != 1 &&
                        text.find_first_not_of(kStandard) == std::string::npos;
    if (base64) return Characters(kStandard, text.size());
    if (text.find(' ') == std::string::npos) return text;
    std::string sentence(kWords[Below(std::size(kWords))]);
    for (size_t left = Below(14); left > 0; --left) {
      sentence += ' ';
      sentence += kWords[Below(std::size(kWords))];
    }
    return sentence;
  }

  std::mt19937& random_;
};

struct Samples {
  Bytes bytes;
  std::vector<size_t> sizes;
};

Samples MakeSamples() {
  Samples samples;
  std::mt19937 random(kSeed);
  for (size_t i = 0; i < kVariations; ++i) {
    for (const std::string_view document : transcode::DictionaryDocuments()) {
      Json json = Json::parse(document);
      Variation(random).Vary(json);
      Bytes cbor;
      if (!transcode::JsonToCbor(json.dump(), cbor)) std::abort();
      const auto condensed = transcode::Condense(cbor);
      if (!condensed) std::abort();
      Append(samples.bytes, condensed->items);
      samples.sizes.push_back(condensed->items.size());
    }
  }
  return samples;
}

Bytes MakeDictionary() {
  const Bytes contents = transcode::DictionaryContents();
  if (contents.size() > transcode::kDictionaryBytesMax) {
    std::fprintf(stderr, "error: the dictionary has %zu bytes, more than %zu\n", contents.size(),
                 transcode::kDictionaryBytesMax);
    std::exit(1);
  }
  const Samples samples = MakeSamples();
  Bytes dictionary(contents.size() + kEntropyBytesMax);
  ZDICT_params_t parameters{};
  parameters.compressionLevel = kLevel;
  parameters.dictID = kDictionaryId;
  const size_t size = ZDICT_finalizeDictionary(
      dictionary.data(), dictionary.size(), contents.data(), contents.size(), samples.bytes.data(),
      samples.sizes.data(), static_cast<unsigned>(samples.sizes.size()), parameters);
  if (ZDICT_isError(size) != 0) {
    std::fprintf(stderr, "error: %s\n", ZDICT_getErrorName(size));
    std::exit(1);
  }
  dictionary.resize(size);
  return dictionary;
}

void Print(ByteView entropy) {
  std::printf("// Computed by bench/make_dictionary.cc with zstd %s. Fixed: see dictionary.h.\n",
              ZSTD_versionString());
  for (size_t i = 0; i < entropy.size(); ++i) {
    std::printf("0x%02x,%s", entropy[i], i % 16 == 15 || i + 1 == entropy.size() ? "\n" : " ");
  }
}

}  // namespace
}  // namespace lowband::bench

int main(int argc, char** argv) {
  const lowband::Bytes dictionary = lowband::bench::MakeDictionary();
  if (argc > 1 && std::strcmp(argv[1], "--check") == 0) {
    const bool equal = dictionary == lowband::transcode::Dictionary();
    std::printf("%s\n", equal ? "the dictionary is the one that is computed"
                              : "error: another dictionary is computed");
    return equal ? 0 : 1;
  }
  const size_t contents = lowband::transcode::DictionaryContents().size();
  lowband::bench::Print(lowband::ByteView(dictionary).first(dictionary.size() - contents));
  return 0;
}
