# The words of the translator's stubs, held against the real mapping.
add_library(lowband_real_translator STATIC contract/real_translator.cc)
target_include_directories(lowband_real_translator PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(lowband_real_translator
  PUBLIC lowband::translator_mapping PRIVATE lowband::coap lowband::translator_answers)
lowband_test(contract_test
  SOURCES contract/contract_test.cc unit/services/edge/edge_world.cc
          unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge_pipeline lowband::client lowband::sim lowband::translator_answers
       lowband_real_translator)
