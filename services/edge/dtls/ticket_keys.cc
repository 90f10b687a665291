#include "services/edge/dtls/ticket_keys.h"

#include <mbedtls/platform_util.h>

#include <array>
#include <cstdlib>

#include "libs/tls/profile.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

TicketKeys::TicketKeys(LockedRandom& random) : random_(random) {
  if (mbedtls_ssl_ticket_setup(tickets_.get(), tls::FillRandom, static_cast<Random*>(&random_),
                               MBEDTLS_CIPHER_AES_256_GCM,
                               static_cast<uint32_t>(kTicketLife.count())) != 0) {
    std::abort();
  }
}

void TicketKeys::RotateIfDue(TimePoint now) {
  if (now.time_since_epoch().count() < rotate_at_.load(std::memory_order_relaxed)) return;
  const MutexLock lock(mutex_);
  const bool first = rotate_at_.load(std::memory_order_relaxed) == 0;
  if (now.time_since_epoch().count() < rotate_at_.load(std::memory_order_relaxed)) return;
  rotate_at_.store((now + kTicketKeyLife).time_since_epoch().count(), std::memory_order_relaxed);
  if (first) return;  // The life of the first keys begins at the first handshake.
  std::array<unsigned char, MBEDTLS_SSL_TICKET_KEY_NAME_BYTES> name;
  std::array<unsigned char, MBEDTLS_SSL_TICKET_MAX_KEY_BYTES> key;
  random_.Fill(name);
  random_.Fill(key);
  // Fails only if name or key are too short.
  if (mbedtls_ssl_ticket_rotate(tickets_.get(), name.data(), name.size(), key.data(), key.size(),
                                static_cast<uint32_t>(kTicketLife.count())) != 0) {
    std::abort();
  }
  mbedtls_platform_zeroize(key.data(), key.size());
}

int TicketKeys::Write(const mbedtls_ssl_session* session, unsigned char* start,
                      const unsigned char* end, size_t* size, uint32_t* lifetime) {
  const MutexLock lock(mutex_);
  return mbedtls_ssl_ticket_write(tickets_.get(), session, start, end, size, lifetime);
}

int TicketKeys::Parse(mbedtls_ssl_session* session, unsigned char* ticket, size_t size) {
  const MutexLock lock(mutex_);
  return mbedtls_ssl_ticket_parse(tickets_.get(), session, ticket, size);
}

}  // namespace lowband::edge::dtls
