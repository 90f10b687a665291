# The client library, and the relay that stands between real clients and servers.
lowband_library(test_udp_relay
  SOURCES integration/udp_relay.cc
  DEPS lowband::base
  PRIVATE_DEPS Threads::Threads)

lowband_test(client_test
  SOURCES unit/libs_client/session_test.cc unit/libs_client/blockwise_test.cc
  DEPS lowband::client)
lowband_test(udp_relay_test
  SOURCES unit/libs_client/udp_relay_test.cc
  DEPS lowband::client lowband::test_udp_relay)
