// W3C Trace Context in HTTP's fields: a client's traceparent, and our own.
//
// We record no spans. A received traceparent is passed on unchanged, with its tracestate; a
// malformed one is dropped. Our own uses the request id as its trace-id, so that the homeserver's
// spans are found by the request id of our logs.
//
// Threading: free functions; any thread. Spec: W3C Trace Context §3, §4.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/request_id.h"
#include "libs/http/field.h"

namespace lowband::http {

/// The trace-id of a traceparent; none if it is malformed. Unknown versions are read as 00 as far
/// as possible, as the specification requires.
std::optional<RequestId> TraceIdOf(std::string_view traceparent);

/// The trace that the fields carry on. None: there is no traceparent, more than one, or a malformed
/// one.
std::optional<RequestId> TraceIn(const Fields& fields);
/// As TraceIn; without a trace, removes traceparent and tracestate.
std::optional<RequestId> TakeTrace(Fields& fields);

/// A traceparent for a request without one. `sampled`: its readers may record spans.
std::string MakeTraceParent(const RequestId& id, bool sampled);

/// Whether the trace is one of `one_in` (at least 1) that are sampled. All processes with this rate
/// decide equally for an id, and those with a higher rate include it.
bool IsSampled(const RequestId& id, uint64_t one_in);

}  // namespace lowband::http
