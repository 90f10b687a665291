#include "tests/support/dtls_peer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "libs/tls/error.h"
#include "libs/tls/profile.h"

namespace lowband::edge::dtls {
namespace {

void Require(int code) {
  if (code != 0) throw std::runtime_error(tls::ErrorText(code));
}

}  // namespace

DtlsPeer::DtlsPeer(Random& random, Options options) : options_(std::move(options)) {
  mbedtls_ssl_config* conf = config_.get();
  Require(tls::ApplyProfile(conf, MBEDTLS_SSL_IS_CLIENT, true, random));
  if (options_.authority == nullptr) {
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
  } else {
    mbedtls_ssl_conf_ca_chain(conf, options_.authority, nullptr);
  }
  if (!options_.suites.empty()) {
    options_.suites.push_back(0);
    mbedtls_ssl_conf_ciphersuites(conf, options_.suites.data());
  }
  if (!options_.signature_algorithms.empty()) {
    options_.signature_algorithms.push_back(MBEDTLS_TLS1_3_SIG_NONE);
    mbedtls_ssl_conf_sig_algs(conf, options_.signature_algorithms.data());
  }
  if (!options_.groups.empty()) {
    options_.groups.push_back(MBEDTLS_SSL_IANA_TLS_GROUP_NONE);
    mbedtls_ssl_conf_groups(conf, options_.groups.data());
  }
  if (options_.connection_id) {
    Require(mbedtls_ssl_conf_cid(conf, options_.connection_id->size(),
                                 MBEDTLS_SSL_UNEXPECTED_CID_IGNORE));
  }
  mbedtls_ssl_conf_extended_master_secret(conf, options_.extended_master_secret
                                                    ? MBEDTLS_SSL_EXTENDED_MS_ENABLED
                                                    : MBEDTLS_SSL_EXTENDED_MS_DISABLED);
  mbedtls_ssl_conf_session_tickets(conf, options_.tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                          : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  // The engine counts its repeats by doubling its wait; so many it can do.
  if (options_.repeats_each) mbedtls_ssl_conf_handshake_timeout(conf, 1, UINT32_MAX);
  Require(mbedtls_ssl_setup(ssl_.get(), conf));
  mbedtls_ssl_set_bio(ssl_.get(), this, SendBytes, ReceiveBytes, nullptr);
  timer_.Attach(ssl_.get());
  if (options_.repeats_each) mbedtls_ssl_set_timer_cb(ssl_.get(), this, SetRepeat, GetRepeat);
  if (options_.key_log != nullptr) options_.key_log->Attach(ssl_.get());
  if (options_.mtu != 0) mbedtls_ssl_set_mtu(ssl_.get(), options_.mtu);
  if (options_.connection_id) {
    Require(mbedtls_ssl_set_cid(ssl_.get(), MBEDTLS_SSL_CID_ENABLED, options_.connection_id->data(),
                                options_.connection_id->size()));
  }
  if (!options_.server_name.empty()) {
    Require(mbedtls_ssl_set_hostname(ssl_.get(), options_.server_name.c_str()));
  }
  if (options_.resume) Require(mbedtls_ssl_set_session(ssl_.get(), options_.resume->get()));
}

void DtlsPeer::SetRepeat(void* peer, uint32_t, uint32_t final_ms) {
  auto& self = *static_cast<DtlsPeer*>(peer);
  self.repeat_at_.reset();
  if (final_ms != 0) self.repeat_at_ = self.now_ + *self.options_.repeats_each;
}

int DtlsPeer::GetRepeat(void* peer) {
  const auto& self = *static_cast<const DtlsPeer*>(peer);
  if (!self.repeat_at_) return -1;
  return self.now_ >= *self.repeat_at_ ? 2 : 0;
}

void DtlsPeer::Advance(TimePoint now) {
  now_ = now;
  timer_.SetNow(now);
  Run();
}

void DtlsPeer::Receive(TimePoint now, ByteView datagram) {
  now_ = now;
  timer_.SetNow(now);
  incoming_.emplace_back(datagram.begin(), datagram.end());
  Run();
}

void DtlsPeer::Run() {
  // The engine may send a flight again instead of reading, so it is asked until it read all.
  do {
    if (error_ != 0) return;
    if (!connected_) {
      const int code = mbedtls_ssl_handshake(ssl_.get());
      if (code == 0) connected_ = true;
      if (code != 0 && code != MBEDTLS_ERR_SSL_WANT_READ) error_ = code;
      continue;
    }
    std::array<unsigned char, 8192> text;
    const int size = mbedtls_ssl_read(ssl_.get(), text.data(), text.size());
    if (size > 0) received.emplace_back(text.begin(), text.begin() + size);
    if (size < 0 && size != MBEDTLS_ERR_SSL_WANT_READ) error_ = size;
  } while (!incoming_.empty());
}

void DtlsPeer::Send(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  const int size = mbedtls_ssl_write(ssl_.get(), bytes.data(), bytes.size());
  if (size != static_cast<int>(bytes.size())) throw std::runtime_error(tls::ErrorText(size));
}

void DtlsPeer::Close() { Require(mbedtls_ssl_close_notify(ssl_.get())); }

void DtlsPeer::Alert() {
  Require(mbedtls_ssl_send_alert_message(ssl_.get(), MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                         MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR));
}

std::string DtlsPeer::suite() const {
  const char* name = mbedtls_ssl_get_ciphersuite(ssl_.get());
  return name == nullptr ? "" : name;
}

Bytes DtlsPeer::server_certificate() const {
  const mbedtls_x509_crt* shown = mbedtls_ssl_get_peer_cert(ssl_.get());
  if (shown == nullptr) return {};
  return {shown->raw.p, shown->raw.p + shown->raw.len};
}

std::shared_ptr<tls::SslSession> DtlsPeer::SaveSession() const {
  auto session = std::make_shared<tls::SslSession>();
  Require(mbedtls_ssl_get_session(ssl_.get(), session->get()));
  return session;
}

bool DtlsPeer::connection_id_agreed() const {
  int enabled = MBEDTLS_SSL_CID_DISABLED;
  std::array<unsigned char, MBEDTLS_SSL_CID_OUT_LEN_MAX> id;
  size_t size = 0;
  auto* ssl = const_cast<mbedtls_ssl_context*>(ssl_.get());
  Require(mbedtls_ssl_get_peer_cid(ssl, &enabled, id.data(), &size));
  return enabled == MBEDTLS_SSL_CID_ENABLED;
}

int DtlsPeer::SendBytes(void* peer, const unsigned char* bytes, size_t size) {
  static_cast<DtlsPeer*>(peer)->outgoing.emplace_back(bytes, bytes + size);
  return static_cast<int>(size);
}

int DtlsPeer::ReceiveBytes(void* peer, unsigned char* out, size_t size) {
  auto& incoming = static_cast<DtlsPeer*>(peer)->incoming_;
  if (incoming.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
  const Bytes datagram = std::move(incoming.front());
  incoming.pop_front();
  const size_t copied = std::min(size, datagram.size());
  std::memcpy(out, datagram.data(), copied);
  return static_cast<int>(copied);
}

}  // namespace lowband::edge::dtls
