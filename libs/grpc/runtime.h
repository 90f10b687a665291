// gRPC as a library of the process: when it ends, and where its own log lines go.
//
// Threading: KeepGrpcAlive any thread; RouteGrpcLog from main, before gRPC is used.
#pragma once

namespace lowband {

class Logger;

/// From here on gRPC stays initialised until the process ends. Without it the last channel or
/// server to go shuts gRPC down, which waits up to 10 s for connections that only its own threads,
/// ended by then, could free.
void KeepGrpcAlive();

/// gRPC's own errors become events of `log` ("grpc"), instead of lines of another form on standard
/// error; less than errors is dropped. The process has one such place: `log` lives until it ends,
/// or until this is called with null.
void RouteGrpcLog(Logger* log);

}  // namespace lowband
