# The command line tool: its parts, and the real program against servers in the test's process.
lowband_library(test_run_program
  SOURCES unit/tools/run_program.cc
  PRIVATE_DEPS GTest::gtest)
target_compile_definitions(lowband_test_run_program
                           PRIVATE LOWBAND_BINARY="$<TARGET_FILE:lowband>")
add_dependencies(lowband_test_run_program lowband)

lowband_test(cli_test
  SOURCES
    unit/tools/convert_test.cc unit/tools/load_test.cc unit/tools/request_message_test.cc
    unit/tools/request_test.cc unit/tools/sync_parts_test.cc unit/tools/sync_test.cc
    unit/tools/url_test.cc
  DEPS lowband::cli lowband::test_run_program lowband::test_client_servers
       nlohmann_json::nlohmann_json
  TIMEOUT 180)
lowband_test(libcoap_server_test
  SOURCES unit/libs_client/libcoap_test.cc
  DEPS lowband::client lowband::test_client_servers lowband::test_run_program
       lowband::test_udp_relay
  TIMEOUT 120 LABELS integration)
