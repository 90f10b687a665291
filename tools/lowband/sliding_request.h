// The body of a sliding sync: the parameters of the command line, or defaults, and the position of
// the to-device messages, which the client has to repeat (MSC3885).
//
// Threading: any. Spec: MSC4186.
#pragma once

#include <string>

namespace lowband::tools {

/// The unstable path, which homeservers serve today.
inline constexpr const char* kSlidingSyncPath =
    "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

/// JSON for `argument`, as ReadData reads it: a list of the 20 latest rooms and the extensions that
/// homeservers have, if it is empty. Throws UsageError if it is no JSON object.
std::string ReadParameters(const std::string& argument);

/// `parameters` with `since` in the to_device extension, if they have it. Empty: unchanged.
std::string WithToDeviceSince(const std::string& parameters, const std::string& since);

}  // namespace lowband::tools
