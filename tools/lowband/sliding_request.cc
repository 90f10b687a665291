#include "tools/lowband/sliding_request.h"

#include <nlohmann/json.hpp>

#include "libs/base/bytes.h"
#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"

namespace lowband::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDefault = R"({
  "lists": {"all": {
    "ranges": [[0, 19]],
    "timeline_limit": 20,
    "required_state": [["m.room.create", ""], ["m.room.name", ""], ["m.room.encryption", ""],
                       ["m.room.member", "$ME"]]
  }},
  "extensions": {
    "to_device": {"enabled": true}, "e2ee": {"enabled": true}, "account_data": {"enabled": true},
    "receipts": {"enabled": true}, "typing": {"enabled": true}
  }
})";

}  // namespace

std::string ReadParameters(const std::string& argument) {
  if (argument.empty()) return kDefault;
  const Bytes bytes = ReadData(argument);
  const Json parameters = Json::parse(AsText(bytes), nullptr, /*allow_exceptions=*/false);
  if (!parameters.is_object()) {
    throw UsageError("--body must be a JSON object, or @FILE with one");
  }
  for (const char* name : {"pos", "timeout"}) {
    if (parameters.contains(name)) {
      throw UsageError(std::string("--body has ") + name +
                       ", which is no part of the parameters; see --cursor and --timeout");
    }
  }
  return std::string(AsText(bytes));
}

std::string WithToDeviceSince(const std::string& parameters, const std::string& since) {
  Json body = Json::parse(parameters, nullptr, /*allow_exceptions=*/false);
  if (since.empty() || !body.contains("extensions")) return parameters;
  Json& extensions = body["extensions"];
  if (!extensions.is_object() || !extensions.contains("to_device")) return parameters;
  Json& to_device = extensions["to_device"];
  if (!to_device.is_object()) return parameters;
  to_device["since"] = since;
  return body.dump();
}

}  // namespace lowband::tools
