# What the unit tests and the fuzzers share: a plain model of the rules, random documents.
add_library(transcode_model STATIC unit/transcode/documents.cc unit/transcode/model.cc)
target_link_libraries(transcode_model PUBLIC lowband::transcode nlohmann_json::nlohmann_json)

lowband_test(transcode_test
  SOURCES unit/transcode/canonical_test.cc unit/transcode/cbor_to_json_test.cc
          unit/transcode/deflate_test.cc
          unit/transcode/edits_test.cc unit/transcode/error_body_test.cc
          unit/transcode/json_mend_test.cc
          unit/transcode/json_to_cbor_test.cc unit/transcode/key_records_test.cc
          unit/transcode/key_table_test.cc
          unit/transcode/path_table_test.cc unit/transcode/utf8_test.cc
          unit/transcode/vectors_test.cc unit/transcode/words_test.cc
  BUSY unit/transcode/limits_test.cc
  DEPS transcode_model ZLIB::ZLIB TIMEOUT 120)
# Thousands of documents, most of the time in the library that they are compared with.
lowband_test(transcode_round_trip_test
  BUSY unit/transcode/round_trip_test.cc
  DEPS transcode_model TIMEOUT 120)
