lowband_test(workers_test
  SOURCES integration/workers_test.cc unit/edge_dtls/identity_files.cc
  DEPS lowband::edge lowband::client lowband::translator_ingress gRPC::grpc++
  TIMEOUT 120)
