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
  # Another checkout, wherever it lies, finds what this one has compiled.
  set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
               "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
endif()

include(CheckPIESupported)
check_pie_supported()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
                    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
if(LOWBAND_WERROR)
  add_compile_options(-Werror)
endif()
# A broken invariant ends the process in every build, deployed ones included: what follows it is
# decided by whoever sent the bytes.
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_compile_options(-fstack-protector-strong)
add_link_options(LINKER:-z,relro,-z,now)
if(LOWBAND_SANITIZE)
  # GCC's guess at uninitialised variables is wrong about code that a sanitizer rewrote.
  add_compile_options(-fsanitize=${LOWBAND_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${LOWBAND_SANITIZE})
else()
  set(optimised $<NOT:$<CONFIG:Debug>>)
  add_compile_options($<${optimised}:-U_FORTIFY_SOURCE> $<${optimised}:-D_FORTIFY_SOURCE=2>)
endif()
