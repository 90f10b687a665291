# One way to declare each kind of target, so that all of them get the same treatment.

# lowband_library(NAME SOURCES a.cc … [DEPS lib …] [PRIVATE_DEPS lib …])
# The target lowband_NAME with the alias lowband::NAME; includes are written from the root.
function(lowband_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(lowband_${name} STATIC ${ARG_SOURCES})
    target_include_directories(lowband_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(lowband_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(lowband_${name} INTERFACE)
    target_include_directories(lowband_${name} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(lowband_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(lowband::${name} ALIAS lowband_${name})
endfunction()

# lowband_program(NAME SOURCES … DEPS …): an executable in bin/, installed.
function(lowband_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# Sanitizers need their shadow memory at fixed places, which the address randomisation of newer
# kernels may have taken; a test under a sanitizer runs without it, where the machine allows that.
set(LOWBAND_TEST_LAUNCHER "")
if(LOWBAND_SANITIZE)
  execute_process(COMMAND setarch -R true RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed STREQUAL "0")
    set(LOWBAND_TEST_LAUNCHER setarch -R)
  endif()
endif()
set(LOWBAND_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/sanitizers/lsan.supp:print_suppressions=0"
    "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1")

# lowband_test(NAME SOURCES … [BUSY …] DEPS … [TIMEOUT seconds] [LABELS l …]): a GoogleTest program,
# run by ctest as one test that dies loudly when its time (default 60 s) is over. Its kind, which
# is the name of its folder in tests/, is a label of it. The target lowband_tests builds all of them
# and no program that no test needs.
if(LOWBAND_TESTS)
  add_custom_target(lowband_tests)
endif()
function(lowband_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;BUSY;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(LOWBAND_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4") # instrumented code is that much slower
  endif()
  file(RELATIVE_PATH kind "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_CURRENT_SOURCE_DIR}")
  string(REGEX REPLACE "/.*" "" kind "${kind}")
  add_executable(${name} ${ARG_SOURCES} ${ARG_BUSY})
  add_dependencies(lowband_tests ${name})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # What a test tests is optimised, its own code is not: with the sanitizers that halves the time
  # that it takes to compile.
  target_compile_options(${name} PRIVATE -O0 "SHELL:-U_FORTIFY_SOURCE")
  # But for BUSY sources, which spend most of a test in themselves.
  set_source_files_properties(${ARG_BUSY} PROPERTIES COMPILE_OPTIONS -O2)
  add_test(NAME ${name} COMMAND ${LOWBAND_TEST_LAUNCHER} $<TARGET_FILE:${name}>
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${kind};${ARG_LABELS}"
                       ENVIRONMENT "${LOWBAND_TEST_ENVIRONMENT}")
endfunction()

# lowband_test_again(NAME TEST ENVIRONMENT name=value …): the program of TEST once more, as a test
# of its own with the same timeout and labels, told by its environment what is different.
function(lowband_test_again name test)
  cmake_parse_arguments(ARG "" "" "ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND ${LOWBAND_TEST_LAUNCHER} $<TARGET_FILE:${test}>
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  foreach(property TIMEOUT LABELS)
    get_test_property(${test} ${property} value)
    set_tests_properties(${name} PROPERTIES ${property} "${value}")
  endforeach()
  set_tests_properties(${name} PROPERTIES
                       ENVIRONMENT "${LOWBAND_TEST_ENVIRONMENT};${ARG_ENVIRONMENT}")
endfunction()

# lowband_fuzzer(NAME SOURCES … DEPS … [RUNS n]): a libFuzzer target, and a test that plays its
# corpus (tests/fuzz/corpus/NAME) and RUNS inputs made from it by a fixed seed: the same ones each
# time, so that a test run finds what a change broke and never fails by chance. `scripts/soak
# --fuzz` looks for more. The target lowband_fuzzers builds all of them.
if(LOWBAND_FUZZ)
  add_custom_target(lowband_fuzzers)
endif()
function(lowband_fuzzer name)
  cmake_parse_arguments(ARG "" "RUNS" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_RUNS)
    set(ARG_RUNS 100000)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(lowband_fuzzers ${name})
  add_test(NAME ${name}
           COMMAND ${LOWBAND_TEST_LAUNCHER} "${CMAKE_SOURCE_DIR}/tests/fuzz/play"
                   $<TARGET_FILE:${name}> ${ARG_RUNS}
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS fuzz
                       ENVIRONMENT "${LOWBAND_TEST_ENVIRONMENT}")
endfunction()
