lowband_test(edge_request_test
  SOURCES unit/edge_request/block1_test.cc unit/edge_request/block2_test.cc
          unit/edge_request/config_test.cc unit/edge_request/exchange_table_test.cc
          unit/edge_request/ledger_share_test.cc unit/edge_request/kept_body_test.cc
          unit/edge_request/observations_test.cc unit/edge_request/refusal_test.cc
          unit/edge_request/sticky_test.cc unit/edge_request/validation_test.cc
  DEPS lowband::edge_request nlohmann_json::nlohmann_json)
