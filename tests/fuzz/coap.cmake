lowband_fuzzer(fuzz_coap_message
  SOURCES fuzz/coap_message.cc
  DEPS lowband::coap)
