# House style that a program can check; the sources are the same under every sanitizer.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
if(NOT LOWBAND_SANITIZE)
  add_test(NAME tidy COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/tidy.py
           ${CMAKE_SOURCE_DIR})
  add_test(NAME tidy_self_test
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/tidy_self_test.py)
  set_tests_properties(tidy tidy_self_test PROPERTIES TIMEOUT 60)
endif()
