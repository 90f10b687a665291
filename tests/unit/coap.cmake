lowband_test(coap_test
  SOURCES unit/libs/coap/block_test.cc unit/libs/coap/message_test.cc unit/libs/coap/status_test.cc
          unit/libs/coap/transmission_test.cc
  DEPS lowband::coap)
