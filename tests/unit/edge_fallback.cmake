lowband_test(edge_fallback_test
  SOURCES unit/services/edge/fallback/connection_table_test.cc
          unit/services/edge/fallback/lane_calls_test.cc
          unit/services/edge/fallback/transfer_test.cc
          unit/services/edge/fallback/wake_queue_test.cc
  DEPS lowband::edge_fallback)
