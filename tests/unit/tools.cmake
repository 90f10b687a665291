# The command line tool: its parts, and the real program against servers in the test's process.
lowband_library(test_run_program
  SOURCES unit/tools/lowband/run_program.cc
  PRIVATE_DEPS GTest::gtest)
target_compile_definitions(lowband_test_run_program
                           PRIVATE LOWBAND_BINARY="$<TARGET_FILE:lowband>")
add_dependencies(lowband_test_run_program lowband)

lowband_test(cli_test
  SOURCES
    unit/tools/lowband/convert_test.cc unit/tools/lowband/load_test.cc
    unit/tools/lowband/request_message_test.cc
    unit/tools/lowband/request_test.cc unit/tools/lowband/sync_parts_test.cc
    unit/tools/lowband/sync_test.cc
    unit/tools/lowband/url_test.cc
  DEPS lowband::cli lowband::test_run_program lowband::test_client_servers
       nlohmann_json::nlohmann_json
  TIMEOUT 180)
lowband_test(libcoap_server_test
  SOURCES integration/libcoap_test.cc
  DEPS lowband::client lowband::test_client_servers lowband::test_run_program
       lowband::test_udp_relay
  TIMEOUT 120 LABELS integration)
