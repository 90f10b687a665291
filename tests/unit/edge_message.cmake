lowband_test(edge_message_test
  SOURCES unit/edge_message/again_test.cc unit/edge_message/config_test.cc
          unit/edge_message/deduplication_test.cc
          unit/edge_message/kept_answers_test.cc unit/edge_message/layer_test.cc
          unit/edge_message/places_test.cc
          unit/edge_message/retransmission_test.cc unit/edge_message/room_test.cc
  BUSY unit/edge_message/message_ids_test.cc
  DEPS lowband::edge_message)
