lowband_test(transcode_test
  SOURCES unit/transcode/vectors_test.cc
  DEPS lowband::transcode nlohmann_json::nlohmann_json)
