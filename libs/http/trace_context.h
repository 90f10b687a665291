// W3C Trace Context in HTTP's fields: what a client's traceparent says, and one of our own.
//
// We record no spans. What comes goes on as it came, with its tracestate; what is malformed goes no
// further. Our own names the exchange as its trace, so that the homeserver's spans are found by the
// request id of our logs.
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

/// The trace-id of a traceparent; none if it is malformed. Versions we do not know are read as far
/// as they are like 00, as the specification asks.
std::optional<RequestId> TraceIdOf(std::string_view traceparent);

/// The trace that the fields carry on. None: there is no traceparent, more than one, or a malformed
/// one.
std::optional<RequestId> TraceIn(const Fields& fields);
/// The same; without a trace, traceparent and tracestate are taken out.
std::optional<RequestId> TakeTrace(Fields& fields);

/// A traceparent for a request that came without. `sampled`: whoever reads it may record spans.
std::string MakeTraceParent(const RequestId& id, bool sampled);

/// Whether the trace is one of `one_in` (at least 1) that are sampled. The same id is sampled by
/// everybody who asks for as many, and by everybody who asks for more.
bool IsSampled(const RequestId& id, uint64_t one_in);

}  // namespace lowband::http
