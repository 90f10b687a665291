// The expiry of the certificates between edge and translator, as metrics of both services.
//
// Threading: any. Limits: the label has two values.
#pragma once

#include "libs/base/metrics.h"
#include "libs/grpc/security.h"

namespace lowband {

/// Sets grpc_certificate_not_after_timestamp_seconds{file} from the present files, which new
/// connections use. Plaintext never expires (+Inf); an unreadable file counts as expired (0).
void SetGrpcCertificateMetrics(MetricSet& metrics, const GrpcSecurity& security);

}  // namespace lowband
