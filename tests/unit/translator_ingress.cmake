lowband_test(translator_ingress_test
  SOURCES unit/translator_ingress/answer_queue_test.cc
          unit/translator_ingress/answer_window_test.cc
          unit/translator_ingress/held_answers_test.cc
          unit/translator_ingress/awake_test.cc
          unit/translator_ingress/laned_relay_test.cc
          unit/translator_ingress/relay_places_test.cc
          unit/translator_ingress/request_assembly_test.cc
          unit/translator_ingress/server_test.cc
          unit/translator_ingress/sleep_test.cc
  DEPS lowband::edge_uplink_grpc lowband::translator_ingress gRPC::grpc++)
