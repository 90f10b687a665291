// The life of gRPC's library state in the process.
//
// Threading: any.
#pragma once

namespace lowband {

/// From here on gRPC stays initialised until the process ends. Otherwise the end of the last
/// channel or server shuts gRPC down, which waits up to 10 s for connections that only its own
/// threads could free, and these have ended by then.
void KeepGrpcAlive();

}  // namespace lowband
