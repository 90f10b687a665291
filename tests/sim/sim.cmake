# The whole of Lowband in one process and in virtual time.
add_library(lowband_sim_world STATIC
  sim/attack.cc sim/attackers.cc sim/homeserver.cc sim/phone.cc sim/scenario.cc
  sim/translator.cc sim/world.cc
  unit/services/edge/dtls/identity_files.cc)
target_include_directories(lowband_sim_world PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(lowband_sim_world
  PUBLIC lowband::sim lowband::edge_pipeline lowband::client lowband::translator_answers
         lowband::translator_mapping lowband::transcode lowband_lockstep
  PRIVATE nlohmann_json::nlohmann_json)
lowband_test(sim_test SOURCES sim/sim_test.cc DEPS lowband_sim_world TIMEOUT 900)
if(LOWBAND_SANITIZE) # ten times as slow
  set_property(TEST sim_test APPEND PROPERTY ENVIRONMENT LOWBAND_SIM_SEEDS=60)
endif()
lowband_program(lowband-sim SOURCES sim/main.cc DEPS lowband_sim_world CLI11::CLI11)
