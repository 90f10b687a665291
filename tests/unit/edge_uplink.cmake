lowband_test(mailbox_test
  SOURCES unit/base/mailbox_test.cc
  DEPS lowband::base Threads::Threads)
lowband_test(grpc_test
  SOURCES unit/grpc/certificate_metrics_test.cc unit/grpc/security_test.cc
          unit/grpc/target_test.cc unit/grpc/test_certificates.cc
  DEPS lowband::grpc gRPC::grpc++ OpenSSL::Crypto)
# What gRPC's certificate watcher loses it allocates deep in OpenSSL, which keeps no frame pointers:
# only a whole unwinding shows that it is gRPC's (tests/sanitizers/lsan.supp).
string(REPLACE "ASAN_OPTIONS=" "ASAN_OPTIONS=fast_unwind_on_malloc=0:" environment
       "${LOWBAND_TEST_ENVIRONMENT}")
set_tests_properties(grpc_test PROPERTIES ENVIRONMENT "${environment}")
lowband_test(edge_uplink_test
  SOURCES unit/edge_uplink/failover_test.cc unit/edge_uplink/lane_pool_test.cc
          unit/edge_uplink/lane_set_test.cc unit/edge_uplink/record_test.cc
          unit/edge_uplink/window_test.cc
  BUSY unit/edge_uplink/replicas_test.cc unit/edge_uplink/random_lanes_test.cc
  DEPS lowband::edge_uplink)
lowband_test(lanes_test
  SOURCES integration/lanes_test.cc unit/grpc/test_certificates.cc
  DEPS lowband::edge_uplink_grpc lowband::translator_ingress lowband::grpc gRPC::grpc++
       OpenSSL::Crypto
  LABELS integration)
