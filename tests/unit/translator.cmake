lowband_test(translator_test
  SOURCES unit/services/translator/exchange_handler_test.cc
  DEPS lowband::translator lowband_test_http_server)
