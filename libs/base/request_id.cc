#include "libs/base/request_id.h"

#include <algorithm>

namespace lowband {

RequestId MakeRequestId(Random& random) {
  RequestId id;
  do random.Fill(id.bytes);
  while (id.empty());
  return id;
}

std::optional<RequestId> ReadRequestId(ByteView bytes) {
  RequestId id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  if (id.empty()) return std::nullopt;
  return id;
}

}  // namespace lowband
