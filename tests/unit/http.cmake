lowband_test(http_test
  SOURCES unit/http/chunked_test.cc unit/http/field_test.cc unit/http/gateway_test.cc
          unit/http/refusal_test.cc
          unit/http/request_head_test.cc unit/http/request_refusal_test.cc
          unit/http/status_test.cc unit/http/trace_context_test.cc
  DEPS lowband::http)
