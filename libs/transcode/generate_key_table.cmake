# cmake -DINPUT=cbor_keys_v1.tsv -DFIRST=1 -DOUTPUT=key_names.inc -P generate_key_table.cmake
# Writes the names of the key table, one string literal a line, in the order of their integers, the
# first of which is FIRST.
file(STRINGS "${INPUT}" lines)
list(POP_FRONT lines heading)
if(NOT heading STREQUAL "integer\tkey")
  message(FATAL_ERROR "${INPUT}: the heading is not \"integer<TAB>key\"")
endif()
get_filename_component(name "${INPUT}" NAME)
set(text "// Generated from ${name}.\n")
set(expected ${FIRST})
foreach(line IN LISTS lines)
  # Only characters that JSON does not escape: the names are written into JSON as they are.
  if(NOT line MATCHES "^([0-9]+)\t([a-z0-9_.]+)$" OR NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${INPUT}: \"${line}\" is not ${expected}<TAB>key")
  endif()
  string(APPEND text "\"${CMAKE_MATCH_2}\",\n")
  math(EXPR expected "${expected} + 1")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
