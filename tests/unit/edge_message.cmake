lowband_test(edge_message_test
  SOURCES unit/services/edge/message/again_test.cc unit/services/edge/message/config_test.cc
          unit/services/edge/message/deduplication_test.cc
          unit/services/edge/message/kept_answers_test.cc unit/services/edge/message/layer_test.cc
          unit/services/edge/message/places_test.cc
          unit/services/edge/message/retransmission_test.cc unit/services/edge/message/room_test.cc
  BUSY unit/services/edge/message/message_ids_test.cc
  DEPS lowband::edge_message)
