lowband_test(base_test
  SOURCES unit/libs/base/address_test.cc unit/libs/base/counter_rows_test.cc
          unit/libs/base/descriptors_test.cc
          unit/libs/base/holdings_test.cc unit/libs/base/line_writer_test.cc
          unit/libs/base/node_table_test.cc
          unit/libs/base/options_test.cc unit/libs/base/packet_queue_test.cc
          unit/libs/base/piece_test.cc
          unit/libs/base/random_test.cc unit/libs/base/request_id_test.cc
          unit/libs/base/spare_nodes_test.cc
          unit/libs/base/timer_queue_test.cc
  DEPS lowband::runtime)
lowband_test(admin_server_test
  SOURCES unit/libs/base/admin_server_test.cc unit/libs/base/readiness_test.cc
  DEPS lowband::runtime PkgConfig::httplib)
lowband_test(lb_proxy_test
  SOURCES unit/tools/lb_proxy/arguments_test.cc
  DEPS lowband::lb_proxy)
