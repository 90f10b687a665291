// Random documents for property tests, the same for the same seed.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "libs/base/bytes.h"

namespace lowband::transcode {

class Documents {
 public:
  explicit Documents(uint64_t seed) : random_(seed) {}

  /// A tree of a few up to some hundred items.
  nlohmann::json Tree() { return Value(static_cast<int>(1 + Below(6))); }
  /// `tree` as text with spaces, escapes and spellings of numbers as they come.
  std::string Text(const nlohmann::json& tree);
  /// `tree` as CBOR with heads longer than needed, indefinite lengths, tags, keys as integers and
  /// strings, integers as floats as they come.
  Bytes Cbor(const nlohmann::json& tree);

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  nlohmann::json Value(int depth);
  nlohmann::json Number();
  std::string String();
  std::string Key();
  std::string Space();
  void AppendText(const nlohmann::json& tree, std::string& json);
  void AppendString(const std::string& text, std::string& json);
  void AppendCbor(const nlohmann::json& tree, Bytes& cbor);
  void AppendHead(int major, uint64_t argument, Bytes& cbor);
  void AppendCborText(const std::string& text, Bytes& cbor);
  void AppendCborKey(const std::string& key, Bytes& cbor);

  std::mt19937_64 random_;
};

}  // namespace lowband::transcode
