# The end-to-end tests themselves are Python, run by scripts/test; these are programs they drive.
add_executable(lossy_senders
  ${CMAKE_CURRENT_LIST_DIR}/lossy_senders.cc
  ${CMAKE_CURRENT_LIST_DIR}/../integration/udp_relay.cc)
target_include_directories(lossy_senders PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(lossy_senders PRIVATE
  lowband::client nlohmann_json::nlohmann_json CLI11::CLI11 Threads::Threads)

add_executable(coap_asker ${CMAKE_CURRENT_LIST_DIR}/coap_asker.cc)
target_include_directories(coap_asker PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(coap_asker PRIVATE
  lowband::client nlohmann_json::nlohmann_json CLI11::CLI11)
