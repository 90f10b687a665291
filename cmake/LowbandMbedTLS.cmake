# Finds the mbedTLS that scripts/setup built and makes the target lowband::mbedtls of it.
# -DLOWBAND_MBEDTLS_ROOT=DIR (with include/ and lib/) overrides the search.
set(LOWBAND_MBEDTLS_ROOT "" CACHE PATH "An installed mbedTLS 3.6; empty: the one of scripts/setup")

# The same name as mbedtls_hash in scripts/lib/mbedtls.sh.
set(recipe "")
set(parts cflags everest.cmake lowband_mbedtls_config.h)
list(TRANSFORM parts PREPEND "${CMAKE_SOURCE_DIR}/cmake/mbedtls/")
file(GLOB patches CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/mbedtls/*.patch")
list(SORT patches)
foreach(part IN LISTS parts patches)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${part}")
  file(READ "${part}" text)
  string(APPEND recipe "${text}")
endforeach()
string(SHA256 hash "${recipe}")
string(SUBSTRING "${hash}" 0 12 hash)

set(root "${LOWBAND_MBEDTLS_ROOT}")
if(NOT root)
  if(DEFINED ENV{LOWBAND_CACHE_DIR})
    set(cache "$ENV{LOWBAND_CACHE_DIR}")
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(cache "$ENV{XDG_CACHE_HOME}/lowband")
  else()
    set(cache "$ENV{HOME}/.cache/lowband")
  endif()
  file(GLOB candidates LIST_DIRECTORIES true "${cache}/mbedtls/*-${hash}")
  list(SORT candidates COMPARE NATURAL ORDER DESCENDING)
  if(NOT candidates)
    message(FATAL_ERROR "No mbedTLS built with this tree's configuration in ${cache}/mbedtls.\n"
                        "Run: scripts/setup")
  endif()
  list(GET candidates 0 root)
endif()

if(NOT EXISTS "${root}/lib/libmbedtls.a" OR NOT EXISTS "${root}/include/mbedtls/ssl.h")
  message(FATAL_ERROR "${root} holds no static mbedTLS (lib/libmbedtls.a, include/mbedtls).\n"
                      "Run: scripts/setup")
endif()
add_library(lowband_mbedtls INTERFACE IMPORTED GLOBAL)
target_include_directories(lowband_mbedtls INTERFACE "${root}/include")
target_link_libraries(lowband_mbedtls INTERFACE
  "${root}/lib/libmbedtls.a" "${root}/lib/libmbedx509.a" "${root}/lib/libmbedcrypto.a"
  "${root}/lib/libeverest.a" Threads::Threads)
add_library(lowband::mbedtls ALIAS lowband_mbedtls)

# What the edge relies on. The preprocessor is asked, once for each library and configuration.
file(WRITE "${CMAKE_BINARY_DIR}/mbedtls_check.c" [[
#include <mbedtls/build_info.h>
#if MBEDTLS_VERSION_NUMBER < 0x03060600 || MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "needs mbedTLS 3.6.6 or newer, and older than 4"
#endif
#if !defined(MBEDTLS_SSL_PROTO_DTLS) || !defined(MBEDTLS_SSL_DTLS_CONNECTION_ID) || \
    MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT != 0
#error "lacks the connection ID of RFC 9146 (MBEDTLS_SSL_DTLS_CONNECTION_ID)"
#endif
#if !defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)
#error "lacks MBEDTLS_SSL_CONTEXT_SERIALIZATION"
#endif
#if defined(MBEDTLS_SSL_RENEGOTIATION)
#error "has renegotiation (MBEDTLS_SSL_RENEGOTIATION), which must be off"
#endif
int main(void) { return 0; }
]])
if(NOT LOWBAND_MBEDTLS_CHECKED STREQUAL "${root} ${hash}")
  try_compile(usable "${CMAKE_BINARY_DIR}/mbedtls_check" "${CMAKE_BINARY_DIR}/mbedtls_check.c"
              CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${root}/include" OUTPUT_VARIABLE output)
  if(NOT usable)
    string(REGEX MATCHALL "#error \"[^\"]*\"" reasons "${output}")
    if(NOT reasons)
      set(reasons "${output}")
    endif()
    list(REMOVE_DUPLICATES reasons)
    list(TRANSFORM reasons REPLACE "#error \"(.*)\"" "\\1")
    list(JOIN reasons "; it " reasons)
    message(FATAL_ERROR "Cannot use the mbedTLS in ${root}: it ${reasons}.\nRun: scripts/setup")
  endif()
  set(LOWBAND_MBEDTLS_CHECKED "${root} ${hash}" CACHE INTERNAL "The mbedTLS that was checked")
  message(STATUS "mbedTLS: ${root}")
endif()
