// The commands of the tool as CLI11 sees them: flags, help, examples.
//
// Threading: main. Ownership: what a function returns holds the values of its flags and outlives
// the parsing.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace lowband::tools {

/// Adds a command with its flags to `app`. The function that comes back runs it with the values
/// that were parsed, and returns its exit status; it may throw UsageError.
std::function<int()> AddConvertCommand(CLI::App& app);
std::function<int()> AddRequestCommand(CLI::App& app);
std::function<int()> AddLoadCommand(CLI::App& app);
std::function<int()> AddSyncCommand(CLI::App& app);

}  // namespace lowband::tools
