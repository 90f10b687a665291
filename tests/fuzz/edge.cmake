lowband_fuzzer(fuzz_edge_dtls_client_hello
  SOURCES fuzz/edge_dtls_client_hello.cc
  DEPS lowband::edge_dtls)
lowband_fuzzer(fuzz_edge_dtls_server
  SOURCES fuzz/edge_dtls_server.cc
  DEPS edge_dtls_peer
  RUNS 6000)
lowband_fuzzer(fuzz_edge_message
  SOURCES fuzz/edge_message.cc
  DEPS lowband::edge_message)
lowband_fuzzer(fuzz_edge_request
  SOURCES fuzz/edge_request.cc
  DEPS lowband_lockstep_rig
  RUNS 40000)
