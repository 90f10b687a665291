// The flags of a program's log, the same in both services.
//
// Threading: main, before anything else runs.
#pragma once

#include "libs/base/log.h"
#include "libs/base/options.h"

namespace lowband {

inline void DeclareLog(OptionParser& parser, LogLevel& level, Logger::Format& format) {
  parser.Group("Logs");
  parser.Choice<LogLevel>("log-level", level,
                          {{"trace", LogLevel::kTrace},
                           {"debug", LogLevel::kDebug},
                           {"info", LogLevel::kInfo},
                           {"warning", LogLevel::kWarning},
                           {"error", LogLevel::kError}},
                          "Lowest level that is written");
  parser.Choice<Logger::Format>("log-format", format,
                                {{"json", Logger::Format::kJson}, {"text", Logger::Format::kText}},
                                "One JSON object or one line of text per event");
}

}  // namespace lowband
