lowband_fuzzer(fuzz_translator_path
  SOURCES fuzz/translator_path.cc
  DEPS lowband::translator_mapping)
lowband_fuzzer(fuzz_translator_request
  SOURCES fuzz/translator_request.cc
  DEPS lowband::translator_mapping)
lowband_fuzzer(fuzz_translator_response
  SOURCES fuzz/translator_response.cc
  DEPS lowband::translator_mapping)
lowband_fuzzer(fuzz_translator_relay
  SOURCES fuzz/translator_relay.cc
  DEPS lowband::translator_mapping lowband::translator_upstream)
