lowband_test(edge_request_test
  SOURCES unit/services/edge/request/block1_test.cc unit/services/edge/request/block2_test.cc
          unit/services/edge/request/config_test.cc
          unit/services/edge/request/exchange_table_test.cc
          unit/services/edge/request/ledger_share_test.cc
          unit/services/edge/request/kept_body_test.cc
          unit/services/edge/request/observations_test.cc unit/services/edge/request/refusal_test.cc
          unit/services/edge/request/sticky_test.cc unit/services/edge/request/validation_test.cc
  DEPS lowband::edge_request nlohmann_json::nlohmann_json)
