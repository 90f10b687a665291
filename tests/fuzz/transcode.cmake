lowband_fuzzer(fuzz_cbor_to_json
  SOURCES fuzz/transcode_cbor_to_json.cc
  DEPS transcode_model)
lowband_fuzzer(fuzz_json_to_cbor
  SOURCES fuzz/transcode_json_to_cbor.cc
  DEPS transcode_model)
lowband_fuzzer(fuzz_inflate
  SOURCES fuzz/transcode_inflate.cc
  DEPS lowband::transcode)
lowband_fuzzer(fuzz_path_table
  SOURCES fuzz/transcode_path_table.cc
  DEPS lowband::transcode)
