// Owners of mbedTLS's C structures: initialised when made, freed (and wiped) when destroyed.
//
// Threading: as documented by mbedTLS for each structure; none of them locks. Ownership: the
// structure lies inside the owner and never moves, since mbedTLS keeps pointers to it; hold it by
// unique_ptr or shared_ptr if its owner must move. Objects that a structure points to (a
// configuration's certificate, a context's configuration) outlive it.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

namespace lowband::tls {

/// One mbedTLS structure `T` with the pair of functions that begin and end its life.
template <class T, void (*Init)(T*), void (*Free)(T*)>
class Handle {
 public:
  Handle() { Init(&value_); }
  ~Handle() { Free(&value_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  T* get() { return &value_; }
  const T* get() const { return &value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_;
};

using SslContext = Handle<mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free>;
using SslConfig = Handle<mbedtls_ssl_config, mbedtls_ssl_config_init, mbedtls_ssl_config_free>;
using SslSession = Handle<mbedtls_ssl_session, mbedtls_ssl_session_init, mbedtls_ssl_session_free>;
using SslTickets =
    Handle<mbedtls_ssl_ticket_context, mbedtls_ssl_ticket_init, mbedtls_ssl_ticket_free>;
using Certificate = Handle<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
using PrivateKey = Handle<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free>;

}  // namespace lowband::tls
