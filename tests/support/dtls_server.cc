#include "tests/support/dtls_server.h"

#include <gtest/gtest.h>
#include <mbedtls/ecp.h>
#include <mbedtls/x509_crt.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "libs/base/address.h"
#include "libs/tls/profile.h"

namespace lowband::client {
namespace {

using CertificateWriter =
    tls::Handle<mbedtls_x509write_cert, mbedtls_x509write_crt_init, mbedtls_x509write_crt_free>;

void Check(int code) { EXPECT_EQ(code, 0) << "an mbedTLS call failed"; }

// One list node a name; `addresses` keeps the four bytes that a node points to.
std::vector<mbedtls_x509_san_list> MakeSans(const std::vector<std::string>& names,
                                            std::vector<std::array<uint8_t, 4>>& addresses) {
  addresses.resize(names.size());
  std::vector<mbedtls_x509_san_list> sans(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    mbedtls_x509_subject_alternative_name& node = sans[i].node;
    node = {};
    if (const auto literal = SocketAddress::FromLiteral(names[i], 0)) {
      std::copy_n(literal->ip().begin() + 12, 4, addresses[i].begin());
      node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
      node.san.unstructured_name.p = addresses[i].data();
      node.san.unstructured_name.len = 4;
    } else {
      node.type = MBEDTLS_X509_SAN_DNS_NAME;
      node.san.unstructured_name.p =
          reinterpret_cast<unsigned char*>(const_cast<char*>(names[i].data()));
      node.san.unstructured_name.len = names[i].size();
    }
    sans[i].next = i + 1 < names.size() ? &sans[i + 1] : nullptr;
  }
  return sans;
}

}  // namespace

TestIdentity::TestIdentity(const std::vector<std::string>& names) {
  const auto random = MakeSystemRandom();
  tls::PrivateKey key;
  Check(mbedtls_pk_setup(key.get(), mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
  Check(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key.get()), tls::FillRandom,
                            random.get()));
  CertificateWriter writer;
  mbedtls_x509write_crt_set_version(writer.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(writer.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(writer.get(), key.get());
  mbedtls_x509write_crt_set_issuer_key(writer.get(), key.get());
  Check(mbedtls_x509write_crt_set_subject_name(writer.get(), "CN=lowband test"));
  Check(mbedtls_x509write_crt_set_issuer_name(writer.get(), "CN=lowband test"));
  std::array<uint8_t, 1> serial = {1};
  Check(mbedtls_x509write_crt_set_serial_raw(writer.get(), serial.data(), serial.size()));
  Check(mbedtls_x509write_crt_set_validity(writer.get(), "20200101000000", "20991231235959"));
  Check(mbedtls_x509write_crt_set_basic_constraints(writer.get(), 1, -1));
  std::vector<std::array<uint8_t, 4>> addresses;
  auto sans = MakeSans(names, addresses);
  Check(mbedtls_x509write_crt_set_subject_alternative_name(writer.get(), sans.data()));
  std::array<unsigned char, 4096> pem{};
  Check(mbedtls_x509write_crt_pem(writer.get(), pem.data(), pem.size(), tls::FillRandom,
                                  random.get()));
  certificate_pem = reinterpret_cast<const char*>(pem.data());
  Check(mbedtls_pk_write_key_pem(key.get(), pem.data(), pem.size()));
  key_pem = reinterpret_cast<const char*>(pem.data());
}

DtlsServer::DtlsServer(const TestIdentity& identity, Options options)
    : options_(std::move(options)) {
  const auto pem = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.c_str());
  };
  Check(mbedtls_x509_crt_parse(certificate_.get(), pem(identity.certificate_pem),
                               identity.certificate_pem.size() + 1));
  Check(mbedtls_pk_parse_key(key_.get(), pem(identity.key_pem), identity.key_pem.size() + 1,
                             nullptr, 0, tls::FillRandom, random_.get()));
  Check(tls::ApplyProfile(config_.get(), MBEDTLS_SSL_IS_SERVER, true, *random_));
  Check(mbedtls_ssl_conf_own_cert(config_.get(), certificate_.get(), key_.get()));
  if (options_.suites != nullptr) mbedtls_ssl_conf_ciphersuites(config_.get(), options_.suites);
  Check(mbedtls_ssl_cookie_setup(cookies_.get(), tls::FillRandom, random_.get()));
  mbedtls_ssl_conf_dtls_cookies(config_.get(), mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                cookies_.get());
  if (options_.tickets) {
    Check(mbedtls_ssl_ticket_setup(tickets_.get(), tls::FillRandom, random_.get(),
                                   MBEDTLS_CIPHER_AES_256_GCM, 86400));
    mbedtls_ssl_conf_session_tickets_cb(config_.get(), mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, tickets_.get());
  }
  if (options_.connection_id) {
    Check(mbedtls_ssl_conf_cid(config_.get(), options_.connection_id->size(),
                               MBEDTLS_SSL_UNEXPECTED_CID_IGNORE));
  }
  Check(mbedtls_ssl_setup(ssl_.get(), config_.get()));
  mbedtls_ssl_set_bio(ssl_.get(), this, &DtlsServer::SendRaw, &DtlsServer::ReceiveRaw, nullptr);
  timer_.Attach(ssl_.get());
  Reset();
}

void DtlsServer::Reset() {
  ready = false;
  last_error = 0;
  Check(mbedtls_ssl_session_reset(ssl_.get()));
  const std::array<unsigned char, 6> id = {127, 0, 0, 1, 4, 5};
  Check(mbedtls_ssl_set_client_transport_id(ssl_.get(), id.data(), id.size()));
  if (options_.connection_id) {
    Check(mbedtls_ssl_set_cid(ssl_.get(), MBEDTLS_SSL_CID_ENABLED, options_.connection_id->data(),
                              options_.connection_id->size()));
  }
}

void DtlsServer::Receive(TimePoint now, ByteView datagram) {
  timer_.SetNow(now);
  input_ = datagram;
  if (!ready) {
    const int code = mbedtls_ssl_handshake(ssl_.get());
    if (code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
      ++hello_verify_requests;
      Reset();
      return;
    }
    if (code != 0) {
      if (code != MBEDTLS_ERR_SSL_WANT_READ) last_error = code;
      return;
    }
    ready = true;
  }
  std::array<uint8_t, 8192> buffer;
  for (;;) {
    const int got = mbedtls_ssl_read(ssl_.get(), buffer.data(), buffer.size());
    if (got <= 0) {
      if (got != MBEDTLS_ERR_SSL_WANT_READ) last_error = got;
      return;
    }
    messages.emplace_back(buffer.begin(), buffer.begin() + got);
  }
}

void DtlsServer::Send(ByteView message) {
  EXPECT_EQ(mbedtls_ssl_write(ssl_.get(), message.data(), message.size()),
            static_cast<int>(message.size()));
}

void DtlsServer::CloseNotify() { Check(mbedtls_ssl_close_notify(ssl_.get())); }

int DtlsServer::SendRaw(void* context, const unsigned char* data, size_t size) {
  static_cast<DtlsServer*>(context)->outgoing.emplace_back(data, data + size);
  return static_cast<int>(size);
}

int DtlsServer::ReceiveRaw(void* context, unsigned char* data, size_t capacity) {
  auto& server = *static_cast<DtlsServer*>(context);
  if (!server.input_) return MBEDTLS_ERR_SSL_WANT_READ;
  const ByteView datagram = *std::exchange(server.input_, std::nullopt);
  const size_t size = std::min(datagram.size(), capacity);
  std::memcpy(data, datagram.data(), size);
  return static_cast<int>(size);
}

}  // namespace lowband::client
