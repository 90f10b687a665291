#include "tools/lowband/compression.h"

#include <CLI/CLI.hpp>

namespace lowband::tools {

void AddCompression(CLI::App& app, Compression& compression) {
  auto* const deflate = app.add_flag_callback(
      "--compressed", [&compression] { compression = Compression::kDeflate; },
      "Compress bodies by deflate, both ways, if that is shorter (Content-Formats 11060 and "
      "11050); the server must support it, as Lowband does");
  app.add_flag_callback(
         "--packed", [&compression] { compression = Compression::kPacked; },
         "Use Lowband's packed format for bodies, both ways, if that is shorter (Content-Format "
         "65079): the fewest bytes; only Lowband supports it")
      ->excludes(deflate);
}

}  // namespace lowband::tools
