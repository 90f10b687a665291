foreach(subject IN ITEMS path request response)
  lowband_fuzzer(fuzz_translator_${subject}
    SOURCES fuzz/translator_${subject}.cc
    DEPS lowband::translator_mapping)
endforeach()
