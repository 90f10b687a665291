lowband_test(edge_pipeline_test
  SOURCES unit/services/edge/drain_test.cc unit/services/edge/edge_world.cc
          unit/services/edge/ghosts_test.cc
          unit/services/edge/pipeline_test.cc
          unit/services/edge/dtls/identity_files.cc
  DEPS lowband::edge_pipeline lowband::client lowband::sim lowband::translator_answers
       lowband_real_translator)
lowband_test(edge_metrics_test SOURCES unit/services/edge/admission_metrics_test.cc DEPS
lowband::edge)
