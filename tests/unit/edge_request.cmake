lowband_test(edge_request_test
  SOURCES unit/edge_request/uploads_test.cc unit/edge_request/downloads_test.cc
          unit/edge_request/config_test.cc unit/edge_request/exchanges_test.cc
          unit/edge_request/ledger_share_test.cc unit/edge_request/kept_body_test.cc
          unit/edge_request/observations_test.cc unit/edge_request/refusal_test.cc
          unit/edge_request/sticky_test.cc unit/edge_request/options_test.cc
  DEPS lowband::edge_request nlohmann_json::nlohmann_json)
