// A copy of one worker's counters, for the metrics.
//
// Threading: a value.
#pragma once

#include <cstdint>

#include "services/edge/datagram/udp_socket.h"
#include "services/edge/dtls/counters.h"
#include "services/edge/message/counters.h"
#include "services/edge/request/counters.h"
#include "services/edge/uplink/counters.h"

namespace lowband::edge {

struct WorkerStats {
  datagram::Counters datagram;
  dtls::Counters dtls;
  message::Counters message;
  request::Counters request;
  uplink::Counters uplink;
  uint64_t sessions = 0;
  uint64_t handshakes = 0;
  uint64_t exchanges = 0;
  uint64_t observations = 0;
  uint64_t waiting = 0;  ///< Requests and uploads.
  uint64_t windows = 0;  ///< Answers whose rest is still to come.
  uint64_t download_bytes = 0;
  uint64_t forwarded = 0;      ///< Datagrams forwarded to the worker that holds their session.
  uint64_t forward_drops = 0;  ///< Its mailbox was full.
  uint64_t relief_drops = 0;   ///< Requests to make room, dropped for the same reason.
};

}  // namespace lowband::edge
