// The keys of session tickets, shared by all workers: a client resumes at whichever it reaches.
//
// The engine stamps tickets with the system's clocks itself; the keys are turned by the stage's
// time. A clock step can void tickets, at the cost of full handshakes.
//
// Threading: any. Limits: kTicketLife, kTicketKeyLife. Spec: RFC 5077.
#pragma once

#include <atomic>
#include <cstdint>

#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "libs/tls/handle.h"
#include "services/edge/dtls/locked_random.h"

namespace lowband::edge::dtls {

class TicketKeys {
 public:
  /// `random` outlives the object; it is used by whichever thread calls. Aborts if there is no
  /// memory: this is start-up.
  explicit TicketKeys(LockedRandom& random);

  /// Makes a new key if the present one has served its time; cheap otherwise.
  void RotateIfDue(TimePoint now);

  /// The contracts of mbedtls_ssl_ticket_write_t and mbedtls_ssl_ticket_parse_t.
  int Write(const mbedtls_ssl_session* session, unsigned char* start, const unsigned char* end,
            size_t* size, uint32_t* lifetime);
  int Parse(mbedtls_ssl_session* session, unsigned char* ticket, size_t size);

 private:
  // The engine's ticket context locks itself, but not where keys are turned. Held for the time of
  // one AES-GCM operation on about 200 bytes, once a handshake.
  Mutex mutex_;
  LockedRandom& random_;
  tls::SslTickets tickets_ LOWBAND_GUARDED_BY(mutex_);
  std::atomic<TimePoint::rep> rotate_at_{0};
};

}  // namespace lowband::edge::dtls
