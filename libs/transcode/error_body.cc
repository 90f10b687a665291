#include "libs/transcode/error_body.h"

#include <array>
#include <string>

#include "libs/transcode/cbor_head.h"
#include "libs/transcode/json_text.h"
#include "libs/transcode/key_table.h"
#include "libs/transcode/utf8.h"

namespace lowband::transcode {
namespace {

constexpr std::string_view kErrcode = "errcode";
constexpr std::string_view kError = "error";

std::string_view Utf8Part(std::string_view text) {
  return text.substr(0, Utf8Prefix(AsBytes(text)));
}

void AppendHead(Bytes& cbor, Major major, uint64_t argument) {
  std::array<uint8_t, kHeadBytesMax> head;
  const uint8_t* const end = WriteHead(head.data(), major, argument);
  Append(cbor, {head.data(), static_cast<size_t>(end - head.data())});
}

void AppendText(Bytes& cbor, std::string_view text) {
  AppendHead(cbor, Major::kText, text.size());
  Append(cbor, AsBytes(text));
}

void AppendKey(Bytes& cbor, std::string_view key, KeyTable keys) {
  if (keys == KeyTable::kV1) {
    AppendHead(cbor, Major::kUnsigned, KeyId(key));
  } else {
    AppendText(cbor, key);
  }
}

}  // namespace

Bytes CborErrorBody(std::string_view errcode, std::string_view error, KeyTable keys) {
  Bytes cbor;
  AppendHead(cbor, Major::kMap, 2);
  AppendKey(cbor, kErrcode, keys);
  AppendText(cbor, Utf8Part(errcode));
  AppendKey(cbor, kError, keys);
  AppendText(cbor, Utf8Part(error));
  return cbor;
}

Bytes JsonErrorBody(std::string_view errcode, std::string_view error) {
  std::string json = "{";
  AppendJsonString(kErrcode, json);
  json.push_back(':');
  AppendJsonString(Utf8Part(errcode), json);
  json.push_back(',');
  AppendJsonString(kError, json);
  json.push_back(':');
  AppendJsonString(Utf8Part(error), json);
  json.push_back('}');
  return Bytes(json.begin(), json.end());
}

}  // namespace lowband::transcode
