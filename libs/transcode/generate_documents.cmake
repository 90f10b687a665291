# cmake -DINPUT=dictionary_v1.jsonl -DOUTPUT=dictionary_documents.inc -P generate_documents.cmake
# Writes each line, a JSON document, as a string literal.
file(READ "${INPUT}" documents)
get_filename_component(name "${INPUT}" NAME)
string(REGEX REPLACE "\n$" "" documents "${documents}")
string(REPLACE "\n" ")json\",\nR\"json(" documents "${documents}")
file(WRITE "${OUTPUT}" "// Generated from ${name}.\nR\"json(${documents})json\",\n")
