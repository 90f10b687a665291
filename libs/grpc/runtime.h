// gRPC as a library of the process: when it ends.
//
// Threading: any.
#pragma once

namespace lowband {

/// From here on gRPC stays initialised until the process ends. Without it the last channel or
/// server to go shuts gRPC down, which waits up to 10 s for connections that only its own threads,
/// ended by then, could free.
void KeepGrpcAlive();

}  // namespace lowband
