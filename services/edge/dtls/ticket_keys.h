// The keys of session tickets, shared by all workers: a client can resume at any of them.
//
// The engine itself stamps tickets with the system's clock; the keys are rotated by the stage's
// time. A clock step can invalidate tickets, at the cost of full handshakes.
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
  /// `random` outlives the object and is used on the threads that call. Aborts without memory, as
  /// this is start-up.
  explicit TicketKeys(LockedRandom& random);

  /// Makes a new key if the present one has reached kTicketKeyLife; cheap otherwise.
  void RotateIfDue(TimePoint now);

  /// As mbedtls_ssl_ticket_write_t and mbedtls_ssl_ticket_parse_t.
  int Write(const mbedtls_ssl_session* session, unsigned char* start, const unsigned char* end,
            size_t* size, uint32_t* lifetime);
  int Parse(mbedtls_ssl_session* session, unsigned char* ticket, size_t size);

 private:
  // The engine's ticket context has its own lock, which does not cover the rotation of keys. Held
  // for one AES-GCM operation on about 200 bytes, once per handshake.
  Mutex mutex_;
  LockedRandom& random_;
  tls::SslTickets tickets_ LOWBAND_GUARDED_BY(mutex_);
  std::atomic<TimePoint::rep> rotate_at_{0};
};

}  // namespace lowband::edge::dtls
