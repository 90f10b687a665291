// Data on the command line as curl has it: the text itself, @FILE, or - for standard input.
//
// Threading: main. Limits: kInputBytesMax.
#pragma once

#include <cstddef>
#include <string>

#include "libs/base/bytes.h"

namespace lowband::tools {

/// Far above any Matrix request; it prevents a wrong file from filling the memory.
inline constexpr size_t kInputBytesMax = size_t{64} << 20;

/// The bytes of `argument`: `-` and `@-` are standard input, `@FILE` is that file, any other text
/// is the data. Throws UsageError naming the file.
Bytes ReadData(const std::string& argument);

/// The whole file. Throws UsageError naming it.
Bytes ReadFile(const std::string& path);

/// Writes or overwrites `path` with this mode. Throws UsageError naming it.
void WriteFile(const std::string& path, ByteView bytes, int mode = 0666);

/// Writes the bytes unchanged to standard output.
void WriteStandardOutput(ByteView bytes);
bool StandardOutputIsTerminal();

}  // namespace lowband::tools
