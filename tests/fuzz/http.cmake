lowband_fuzzer(fuzz_http_request_head
  SOURCES fuzz/http_request_head.cc
  DEPS lowband::http)
lowband_fuzzer(fuzz_http_chunked
  SOURCES fuzz/http_chunked.cc
  DEPS lowband::http)
