lowband_test(mailbox_test
  SOURCES unit/libs/base/mailbox_test.cc
  DEPS lowband::base Threads::Threads)
lowband_test(grpc_test
  SOURCES unit/libs/grpc/certificate_metrics_test.cc unit/libs/grpc/security_test.cc
          unit/libs/grpc/target_test.cc unit/libs/grpc/test_certificates.cc
  DEPS lowband::grpc gRPC::grpc++ OpenSSL::Crypto)
# What gRPC's certificate watcher loses it allocates deep in OpenSSL, which keeps no frame pointers:
# only a whole unwinding shows that it is gRPC's (tests/sanitizers/lsan.supp).
string(REPLACE "ASAN_OPTIONS=" "ASAN_OPTIONS=fast_unwind_on_malloc=0:" environment
       "${LOWBAND_TEST_ENVIRONMENT}")
set_tests_properties(grpc_test PROPERTIES ENVIRONMENT "${environment}")
lowband_test(edge_uplink_test
  SOURCES unit/services/edge/uplink/failover_test.cc unit/services/edge/uplink/lane_pool_test.cc
          unit/services/edge/uplink/lane_set_test.cc unit/services/edge/uplink/record_test.cc
          unit/services/edge/uplink/window_test.cc
  BUSY unit/services/edge/uplink/replicas_test.cc unit/services/edge/uplink/random_lanes_test.cc
  DEPS lowband::edge_uplink)
lowband_test(lanes_test
  SOURCES integration/lanes_test.cc unit/libs/grpc/test_certificates.cc
  DEPS lowband::edge_uplink_grpc lowband::translator_ingress lowband::grpc gRPC::grpc++
       OpenSSL::Crypto
  LABELS integration)
