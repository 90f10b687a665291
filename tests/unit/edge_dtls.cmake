set(edge_dtls_dir ${CMAKE_CURRENT_LIST_DIR}/services/edge/dtls)
# What fuzzers and benchmarks use too: a client, and certificates made on the spot.
add_library(edge_dtls_peer STATIC
  ${edge_dtls_dir}/dtls_peer.cc
  ${edge_dtls_dir}/identity_files.cc)
target_include_directories(edge_dtls_peer PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(edge_dtls_peer PUBLIC lowband::edge_dtls)

lowband_test(edge_dtls_test
  SOURCES
    ${edge_dtls_dir}/cookie_test.cc
    ${edge_dtls_dir}/credentials_test.cc
    ${edge_dtls_dir}/handshake_test.cc
    ${edge_dtls_dir}/key_log_test.cc
    ${edge_dtls_dir}/limits_test.cc
    ${edge_dtls_dir}/loss_test.cc
    ${edge_dtls_dir}/malformed_test.cc
    ${edge_dtls_dir}/one_handshake_test.cc
    ${edge_dtls_dir}/parser_test.cc
    ${edge_dtls_dir}/roaming_test.cc
    ${edge_dtls_dir}/room_test.cc
    ${edge_dtls_dir}/server_fixture.cc
    ${edge_dtls_dir}/session_end_test.cc
    ${edge_dtls_dir}/slow_link_test.cc
    ${edge_dtls_dir}/threads_test.cc
    ${edge_dtls_dir}/ticket_test.cc
  DEPS edge_dtls_peer lowband::client
  TIMEOUT 180)
