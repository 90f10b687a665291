lowband_test(coap_test
  SOURCES unit/coap/block_test.cc unit/coap/message_test.cc unit/coap/status_test.cc
          unit/coap/transmission_test.cc
  DEPS lowband::coap)
