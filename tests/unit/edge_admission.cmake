lowband_test(edge_admission_test
  SOURCES unit/edge_admission/admission_test.cc unit/edge_admission/ledger_test.cc
          unit/edge_admission/newest_sessions_test.cc
          unit/edge_admission/prefix_limiter_test.cc unit/edge_admission/prefix_test.cc
          unit/edge_admission/stale_alerts_test.cc unit/edge_admission/token_table_test.cc
  DEPS lowband::edge_admission)
