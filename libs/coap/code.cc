#include "libs/coap/code.h"

namespace lowband::coap {

std::string Code::Text() const {
  const unsigned low = detail();
  return std::to_string(cls()) + "." + (low < 10 ? "0" : "") + std::to_string(low);
}

}  // namespace lowband::coap
