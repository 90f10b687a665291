set(edge_dtls_dir ${CMAKE_CURRENT_LIST_DIR}/edge_dtls)
add_library(edge_dtls_fixture STATIC
  ${edge_dtls_dir}/dtls_peer.cc
  ${edge_dtls_dir}/identity_files.cc
  ${edge_dtls_dir}/server_fixture.cc)
target_include_directories(edge_dtls_fixture PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(edge_dtls_fixture PUBLIC lowband::edge_dtls GTest::gtest)

lowband_test(edge_dtls_test
  SOURCES
    ${edge_dtls_dir}/cookie_test.cc
    ${edge_dtls_dir}/credentials_test.cc
    ${edge_dtls_dir}/handshake_test.cc
    ${edge_dtls_dir}/limits_test.cc
    ${edge_dtls_dir}/loss_test.cc
    ${edge_dtls_dir}/malformed_test.cc
    ${edge_dtls_dir}/parser_test.cc
    ${edge_dtls_dir}/roaming_test.cc
    ${edge_dtls_dir}/session_end_test.cc
    ${edge_dtls_dir}/ticket_test.cc
    ${edge_dtls_dir}/threads_test.cc
  DEPS edge_dtls_fixture
  TIMEOUT 180)
