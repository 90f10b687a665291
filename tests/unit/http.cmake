lowband_test(http_test
  SOURCES unit/libs/http/chunked_test.cc unit/libs/http/field_test.cc unit/libs/http/gateway_test.cc
          unit/libs/http/refusal_test.cc
          unit/libs/http/request_head_test.cc unit/libs/http/request_refusal_test.cc
          unit/libs/http/status_test.cc unit/libs/http/trace_context_test.cc
  DEPS lowband::http)
