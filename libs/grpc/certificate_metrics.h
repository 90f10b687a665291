// When the certificates between edge and translator end, as metrics of both services.
//
// Threading: any. Limits: the label has two values.
#pragma once

#include "libs/base/metrics.h"
#include "libs/grpc/security.h"

namespace lowband {

/// Sets grpc_certificate_not_after_timestamp_seconds{file} from the files as they are now, which is
/// what new connections use. Plaintext never ends (+Inf); a file that cannot be read has ended (0).
void SetGrpcCertificateMetrics(MetricSet& metrics, const GrpcSecurity& security);

}  // namespace lowband
