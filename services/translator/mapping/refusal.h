// Why a request is not forwarded: the parts of the Matrix error that answers it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lowband::translator::mapping {

struct Refusal {
  uint16_t http_status;
  std::string_view errcode;  ///< A constant: "M_INVALID_PARAM".
  std::string error;         ///< For people. Of the request it contains only numbers.
};

}  // namespace lowband::translator::mapping
