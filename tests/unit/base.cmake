lowband_test(base_test
  SOURCES unit/base/address_test.cc unit/base/counter_rows_test.cc unit/base/descriptors_test.cc
          unit/base/holdings_test.cc unit/base/line_writer_test.cc unit/base/node_table_test.cc
          unit/base/options_test.cc unit/base/packet_queue_test.cc unit/base/piece_test.cc
          unit/base/random_test.cc unit/base/request_id_test.cc unit/base/spare_nodes_test.cc
          unit/base/timer_queue_test.cc
  DEPS lowband::runtime)
lowband_test(admin_server_test
  SOURCES unit/base/admin_server_test.cc unit/base/readiness_test.cc
  DEPS lowband::runtime PkgConfig::httplib)
lowband_test(lb_proxy_test
  SOURCES unit/base/lb_proxy_arguments_test.cc
  DEPS lowband::lb_proxy)
