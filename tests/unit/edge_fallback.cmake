lowband_test(edge_fallback_test
  SOURCES unit/edge_fallback/connection_table_test.cc unit/edge_fallback/lane_calls_test.cc
          unit/edge_fallback/transfer_test.cc
          unit/edge_fallback/wake_queue_test.cc
  DEPS lowband::edge_fallback)
