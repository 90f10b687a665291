lowband_test(workers_test
  SOURCES integration/workers_test.cc unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge lowband::client lowband::translator_ingress gRPC::grpc++
  TIMEOUT 120)
lowband_test(answer_window_test
  SOURCES integration/answer_window_test.cc unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge lowband::client lowband::translator lowband_test_http_server gRPC::grpc++
  TIMEOUT 120 LABELS integration)
lowband_test(fallback_test
  SOURCES integration/fallback_crowd_test.cc integration/fallback_rig.cc
          integration/fallback_test.cc integration/fallback_tls_test.cc
          unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge_fallback OpenSSL::SSL OpenSSL::Crypto
  LABELS integration)
lowband_test(relay_test
  SOURCES
    integration/relay_body_test.cc integration/relay_call.cc integration/relay_exchange_test.cc
    integration/relay_fault_test.cc integration/relay_flow_test.cc
    integration/relay_rewrite_test.cc
  DEPS lowband::translator lowband_test_http_server gRPC::grpc++
  TIMEOUT 120)
# The same transfers on a lane.
lowband_test_again(relay_lane_test relay_test ENVIRONMENT LOWBAND_TEST_RELAYS=lanes)
lowband_test(relay_channel_test
  SOURCES integration/relay_channel_test.cc
  DEPS lowband::edge_fallback_grpc lowband::translator_ingress gRPC::grpc++
  TIMEOUT 120 LABELS integration)
