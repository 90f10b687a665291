// What the method of a request to a translator says of one that is sent twice.
//
// Threading: a pure function.
#pragma once

#include "lowband/v1/translator.pb.h"

namespace lowband::edge::request {

/// Twice has the effect of once (RFC 7252 §5.1, RFC 9110 §9.2.2). FETCH has not: it becomes a POST
/// on its way.
inline bool IsIdempotent(v1::Method method) {
  return method == v1::GET || method == v1::PUT || method == v1::DELETE;
}

}  // namespace lowband::edge::request
