lowband_test(tls_test
  SOURCES
    unit/libs/tls/flight_timer_test.cc
    unit/libs/tls/key_log_test.cc
    unit/libs/tls/profile_test.cc
  DEPS lowband::tls)
