lowband_test(translator_ingress_test
  SOURCES unit/services/translator/ingress/answer_queue_test.cc
          unit/services/translator/ingress/answer_window_test.cc
          unit/services/translator/ingress/held_answers_test.cc
          unit/services/translator/ingress/awake_test.cc
          unit/services/translator/ingress/laned_relay_test.cc
          unit/services/translator/ingress/relay_places_test.cc
          unit/services/translator/ingress/request_assembly_test.cc
          unit/services/translator/ingress/server_test.cc
          unit/services/translator/ingress/sleep_test.cc
  DEPS lowband::edge_uplink_grpc lowband::translator_ingress gRPC::grpc++)
