// The process's limit of open descriptors.
//
// Threading: call it in main, before any thread.
#pragma once

#include <cstdint>

namespace lowband {

/// Raises the soft limit (RLIMIT_NOFILE, mostly 1,024) to the hard one and returns what holds then:
/// nothing here uses select(), for whose sake the soft limit is low.
uint64_t RaiseDescriptorLimit();

}  // namespace lowband
