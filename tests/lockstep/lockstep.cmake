# The edge's message and request layers, driven message by message in virtual time.
add_library(lowband_lockstep_rig STATIC lockstep/rig.cc)
target_include_directories(lowband_lockstep_rig PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(lowband_lockstep_rig PUBLIC lowband::edge_request)
add_library(lowband_lockstep STATIC
  lockstep/crowd.cc lockstep/go_client.cc lockstep/message_text.cc lockstep/script.cc)
target_link_libraries(lowband_lockstep
  PUBLIC lowband_lockstep_rig GTest::gtest PRIVATE lowband_real_translator)

lowband_test(lockstep_test
  SOURCES lockstep/contended_test.cc lockstep/crowd_test.cc lockstep/download_memory_test.cc
          lockstep/interop_test.cc
          lockstep/lossy_link_test.cc lockstep/narrow_path_test.cc lockstep/observe_failures_test.cc
          lockstep/options_test.cc
          lockstep/own_client.cc lockstep/own_client_test.cc lockstep/rfc7252_test.cc
          lockstep/rfc7641_test.cc lockstep/rfc7959_test.cc lockstep/room_test.cc
          lockstep/script_test.cc
          lockstep/session_test.cc lockstep/silence_test.cc lockstep/slow_link_test.cc
          lockstep/small_path_test.cc lockstep/sticky_test.cc lockstep/user_agent_test.cc
          lockstep/version_test.cc lockstep/window_test.cc
  DEPS lowband_lockstep lowband::client)
