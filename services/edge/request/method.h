// Whether the method of a request to a translator allows to carry it out twice.
//
// Threading: a pure function.
#pragma once

#include "lowband/v1/translator.pb.h"

namespace lowband::edge::request {

/// Idempotent (RFC 7252 §5.1, RFC 9110 §9.2.2). FETCH is not: the translator makes a POST of it,
/// which only for polls of observations is known to be safe.
inline bool IsIdempotent(v1::Method method) {
  return method == v1::GET || method == v1::PUT || method == v1::DELETE;
}

}  // namespace lowband::edge::request
