# The client library, and the servers and the relay that its tests stand it against.
lowband_library(test_udp_relay
  SOURCES integration/udp_relay.cc
  DEPS lowband::base
  PRIVATE_DEPS Threads::Threads)
lowband_library(test_client_servers
  SOURCES
    unit/libs/client/closed_port.cc unit/libs/client/dtls_server.cc unit/libs/client/responder.cc
  DEPS lowband::client
  PRIVATE_DEPS GTest::gtest Threads::Threads)

lowband_test(client_test
  SOURCES
    unit/libs/client/blockwise_test.cc unit/libs/client/connection_test.cc
    unit/libs/client/dtls_test.cc unit/libs/client/no_response_test.cc
    unit/libs/client/observe_test.cc unit/libs/client/session_test.cc
    unit/libs/client/small_path_test.cc unit/libs/client/sticky_options_test.cc
  DEPS lowband::client lowband::test_client_servers)
lowband_test(udp_relay_test
  SOURCES unit/libs/client/udp_relay_test.cc
  DEPS lowband::client lowband::test_udp_relay)
