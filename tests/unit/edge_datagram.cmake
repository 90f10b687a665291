lowband_test(edge_datagram_test
  SOURCES unit/services/edge/datagram/udp_socket_test.cc
  DEPS lowband::edge_datagram)
