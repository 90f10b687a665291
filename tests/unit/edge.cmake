lowband_test(edge_pipeline_test
  SOURCES unit/edge/drain_test.cc unit/edge/edge_world.cc unit/edge/ghosts_test.cc
          unit/edge/pipeline_test.cc
          unit/edge_dtls/identity_files.cc
  DEPS lowband::edge_pipeline lowband::client lowband::sim lowband::translator_answers
       lowband_real_translator)
lowband_test(edge_metrics_test SOURCES unit/edge/admission_metrics_test.cc DEPS lowband::edge)
