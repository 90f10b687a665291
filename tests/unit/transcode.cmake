# What the unit tests and the fuzzers share: a plain model of the rules, random documents.
add_library(transcode_model STATIC unit/libs/transcode/documents.cc unit/libs/transcode/model.cc)
target_link_libraries(transcode_model PUBLIC lowband::transcode nlohmann_json::nlohmann_json)

lowband_test(transcode_test
  SOURCES unit/libs/transcode/canonical_test.cc unit/libs/transcode/cbor_to_json_test.cc
          unit/libs/transcode/deflate_test.cc
          unit/libs/transcode/edits_test.cc unit/libs/transcode/error_body_test.cc
          unit/libs/transcode/json_mend_test.cc
          unit/libs/transcode/json_to_cbor_test.cc unit/libs/transcode/key_records_test.cc
          unit/libs/transcode/key_table_test.cc
          unit/libs/transcode/path_table_test.cc unit/libs/transcode/utf8_test.cc
          unit/libs/transcode/vectors_test.cc unit/libs/transcode/words_test.cc
  BUSY unit/libs/transcode/limits_test.cc
  DEPS transcode_model ZLIB::ZLIB TIMEOUT 120)
# Thousands of documents, most of the time in the library that they are compared with.
lowband_test(transcode_round_trip_test
  BUSY unit/libs/transcode/round_trip_test.cc
  DEPS transcode_model TIMEOUT 120)
