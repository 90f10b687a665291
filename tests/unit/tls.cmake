lowband_test(tls_test
  SOURCES
    unit/libs_tls/flight_timer_test.cc
    unit/libs_tls/key_log_test.cc
    unit/libs_tls/profile_test.cc
  DEPS lowband::tls)
