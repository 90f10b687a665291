// The commands of the tool as CLI11 sees them: flags, help, examples.
//
// Threading: main. Ownership: the returned function holds the values of its flags and outlives the
// parsing.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace lowband::tools {

/// Adds a command with its flags to `app`. The returned function runs it with the parsed values and
/// returns its exit status; it may throw UsageError.
std::function<int()> AddConvertCommand(CLI::App& app);
std::function<int()> AddRequestCommand(CLI::App& app);
std::function<int()> AddLoadCommand(CLI::App& app);
std::function<int()> AddSyncCommand(CLI::App& app);

}  // namespace lowband::tools
