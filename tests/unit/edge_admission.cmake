lowband_test(edge_admission_test
  SOURCES unit/services/edge/admission/admission_test.cc unit/services/edge/admission/ledger_test.cc
          unit/services/edge/admission/newest_sessions_test.cc
          unit/services/edge/admission/prefix_limiter_test.cc
          unit/services/edge/admission/prefix_test.cc
          unit/services/edge/admission/stale_alerts_test.cc
          unit/services/edge/admission/token_table_test.cc
  DEPS lowband::edge_admission)
