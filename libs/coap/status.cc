#include "libs/coap/status.h"

#include <array>

#include "libs/coap/code.h"

namespace lowband::coap {
namespace {

struct Row {
  uint16_t http_status;
  Code code;
  bool deployed;  ///< The deployed clients support this code.
};

// Each code stands for exactly one HTTP status; any other status needs option 2048.
constexpr std::array kTable = {
    Row{200, kContent, true},
    Row{201, kCreated, false},
    Row{204, kChanged, false},
    Row{400, kBadRequest, true},
    Row{401, kUnauthorized, true},
    Row{403, kForbidden, true},
    Row{404, kNotFound, true},
    Row{405, kMethodNotAllowed, true},
    Row{406, kNotAcceptable, false},
    Row{409, kConflict, false},
    Row{412, kPreconditionFailed, false},
    Row{413, kRequestEntityTooLarge, true},
    Row{415, kUnsupportedContentFormat, false},
    Row{422, kUnprocessableEntity, false},
    Row{429, kTooManyRequests, false},
    Row{500, kInternalServerError, true},
    Row{501, kNotImplemented, false},
    Row{502, kBadGateway, true},
    Row{503, kServiceUnavailable, false},
    Row{504, kGatewayTimeout, true},
};

constexpr Code Fallback(unsigned hundreds) {
  switch (hundreds) {
    case 2: return kContent;
    case 4: return kBadRequest;
    default: return kBadGateway;  // 3xx that was not followed, and 5xx
  }
}

}  // namespace

MappedStatus FromHttpStatus(uint16_t http_status, CodeSet set) {
  for (const Row& row : kTable) {
    if (row.http_status == http_status && (row.deployed || set == CodeSet::kRfc8075)) {
      return {row.code, false};
    }
  }
  const unsigned hundreds = http_status / 100;
  if (hundreds < 2 || hundreds > 5) return {kBadGateway, false};
  return {Fallback(hundreds), true};
}

uint16_t ToHttpStatus(Code code, std::optional<uint32_t> exact) {
  if (exact && *exact >= 200 && *exact <= 599) return static_cast<uint16_t>(*exact);
  for (const Row& row : kTable) {
    if (row.code == code) return row.http_status;
  }
  switch (code.cls()) {
    case 2: return 200;
    case 4: return 400;
    default: return 502;
  }
}

}  // namespace lowband::coap
