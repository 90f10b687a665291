lowband_test(translator_mapping_test
  SOURCES
    unit/translator_mapping/config_test.cc
    unit/translator_mapping/cursor_test.cc
    unit/translator_mapping/json_edit_test.cc
    unit/translator_mapping/path_test.cc
    unit/translator_mapping/poll_answer_test.cc
    unit/translator_mapping/poll_request_test.cc
    unit/translator_mapping/poll_test.cc
    unit/translator_mapping/query_test.cc
    unit/translator_mapping/relay_request_test.cc
    unit/translator_mapping/relay_rewrite_test.cc
    unit/translator_mapping/rewrite_test.cc
    unit/translator_mapping/route_test.cc
    unit/translator_mapping/sync_answer_test.cc
    unit/translator_mapping/to_coap_test.cc
    unit/translator_mapping/to_http_test.cc
  DEPS lowband::translator_mapping)
