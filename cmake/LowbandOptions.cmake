# The knobs of a build. Presets set them; nothing else should need to.
option(LOWBAND_TESTS "Build the tests" ON)
option(LOWBAND_BENCH "Build the benchmarks" ON)
option(LOWBAND_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(LOWBAND_WERROR "Treat warnings as errors" OFF)
set(LOWBAND_SANITIZE "" CACHE STRING "Value of -fsanitize= for every target, or empty")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough)
if(LOWBAND_WERROR)
  add_compile_options(-Werror)
endif()
if(LOWBAND_SANITIZE)
  add_compile_options(-fsanitize=${LOWBAND_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LOWBAND_SANITIZE})
endif()
