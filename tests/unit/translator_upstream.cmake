add_library(lowband_test_http_server STATIC unit/services/translator/upstream/http_server.cc)
target_include_directories(lowband_test_http_server PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(lowband_test_http_server
  PUBLIC OpenSSL::SSL PRIVATE ZLIB::ZLIB Threads::Threads)

lowband_test(translator_upstream_test
  SOURCES
    unit/services/translator/upstream/breaker_test.cc
    unit/services/translator/upstream/config_test.cc
    unit/services/translator/upstream/counters_test.cc
    unit/services/translator/upstream/homeserver_test.cc
    unit/services/translator/upstream/relay_head_parser_test.cc
    unit/services/translator/upstream/waiting_line_test.cc
  BUSY unit/services/translator/upstream/places_test.cc
  DEPS lowband::translator_upstream lowband_test_http_server)
lowband_test(upstream_test
  SOURCES
    integration/upstream_exchange_test.cc
    integration/upstream_fault_test.cc
    integration/upstream_load_test.cc
    integration/upstream_redirect_test.cc
  DEPS lowband::translator_upstream lowband_test_http_server
  TIMEOUT 120 LABELS integration)
