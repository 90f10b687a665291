#include "libs/grpc/runtime.h"

#include <grpc/grpc.h>

namespace lowband {

// Each call counts; none is taken back.
void KeepGrpcAlive() { grpc_init(); }

}  // namespace lowband
