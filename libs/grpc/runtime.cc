#include "libs/grpc/runtime.h"

#include <grpc/grpc.h>

namespace lowband {

// Each call adds a reference that is never released.
void KeepGrpcAlive() { grpc_init(); }

}  // namespace lowband
