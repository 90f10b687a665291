#include "libs/client/dtls_channel.h"

#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "libs/base/address.h"
#include "libs/client/trust.h"
#include "libs/tls/error.h"
#include "libs/tls/key_log.h"
#include "libs/tls/profile.h"

namespace lowband::client {

static_assert(kRequestMessageBytesMax <= MBEDTLS_SSL_OUT_CONTENT_LEN);
namespace {

constexpr size_t kHandshakeHeaderBytes = 12;
constexpr uint8_t kNewSessionTicket = 4;
constexpr uint8_t kCertificate = 11;

bool IsAddressLiteral(const std::string& name) {
  return SocketAddress::FromLiteral(name, 0).has_value();
}

}  // namespace

Result<std::unique_ptr<DtlsChannel>, std::string> DtlsChannel::Create(const Config& config,
                                                                      Random& random) {
  auto channel = std::make_unique<DtlsChannel>(config, random);
  if (auto problem = channel->SetUp()) return lowband::Failure(std::move(*problem));
  return channel;
}

DtlsChannel::DtlsChannel(const Config& config, Random& random) : config_(config), random_(random) {}

std::optional<std::string> DtlsChannel::SetUp() {
  mbedtls_ssl_config* conf = ssl_config_.get();
  const auto failed = [](const char* what, int code) {
    return std::string(what) + ": " + tls::ErrorText(code);
  };
  if (const int code = tls::ApplyProfile(conf, MBEDTLS_SSL_IS_CLIENT, config_.allow_ccm8, random_);
      code != 0) {
    return failed("DTLS profile", code);
  }
  if (config_.trust) {
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(conf, config_.trust->chain(), nullptr);
  } else {
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
  }
  mbedtls_ssl_conf_session_tickets(conf, config_.session_ticket || !config_.resume.empty()
                                             ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                             : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  if (config_.connection_id) {
    const size_t size = config_.connection_id->size();
    if (const int code = mbedtls_ssl_conf_cid(conf, size, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE);
        code != 0) {
      return failed("connection ID", code);
    }
  }
  if (const int code = channel_.SetUp(conf, tls::kHandshakeDatagramBytes); code != 0) {
    return failed("DTLS context", code);
  }
  // Certificates have no zone, which names an interface of this machine.
  if (IsAddressLiteral(config_.server_name)) {
    config_.server_name.resize(std::min(config_.server_name.find('%'), config_.server_name.size()));
  }
  // RFC 6066 §3 forbids address literals in SNI, but mbedTLS checks certificates against the name
  // it sends; so a literal is sent only if it is checked.
  const bool wants_name =
      !config_.server_name.empty() && (config_.trust || !IsAddressLiteral(config_.server_name));
  if (const int code = mbedtls_ssl_set_hostname(channel_.ssl(),
                                                wants_name ? config_.server_name.c_str() : nullptr);
      code != 0) {
    return failed("server name", code);
  }
  if (config_.connection_id) {
    if (const int code =
            mbedtls_ssl_set_cid(channel_.ssl(), MBEDTLS_SSL_CID_ENABLED,
                                config_.connection_id->data(), config_.connection_id->size());
        code != 0) {
      return failed("connection ID", code);
    }
  }
  if (config_.key_log != nullptr) config_.key_log->Attach(channel_.ssl());
  return config_.resume.empty() ? std::nullopt : LoadTicket();
}

std::optional<std::string> DtlsChannel::LoadTicket() {
  tls::SslSession session;
  int code = mbedtls_ssl_session_load(session.get(), config_.resume.data(), config_.resume.size());
  // A ticket of another mbedTLS version is useless, but no error: the handshake will be full.
  if (code == MBEDTLS_ERR_SSL_VERSION_MISMATCH) return std::nullopt;
  if (code == 0) code = mbedtls_ssl_set_session(channel_.ssl(), session.get());
  if (code != 0) return "session ticket: " + tls::ErrorText(code);
  return std::nullopt;
}

void DtlsChannel::Start(TimePoint now) {
  if (state_ != State::kIdle) return;
  state_ = State::kHandshake;
  started_ = heard_ = now;
  Run(now);
}

void DtlsChannel::Receive(TimePoint now, ByteView datagram) {
  const size_t bytes = datagram.size() + tls::kDatagramHeaderBytes;
  const size_t id_bytes = config_.connection_id ? config_.connection_id->size() : 0;
  while (state_ == State::kHandshake || state_ == State::kReady) {
    const auto record = tls::TakeRecord(datagram, id_bytes);
    if (!record) return;
    if (state_ == State::kHandshake) {
      Look(*record);
      Heard(now, bytes);
    }
    channel_.Feed(now, record->bytes, [&] {
      Run(now);
      return true;
    });
  }
}

void DtlsChannel::Advance(TimePoint now) {
  if (state_ == State::kHandshake && now >= GiveUp()) {
    Closed("the server did not complete the DTLS handshake in time");
    return;
  }
  if (channel_.timer().deadline() && now >= *channel_.timer().deadline()) Run(now);
}

std::optional<TimePoint> DtlsChannel::NextDeadline() const {
  switch (state_) {
    case State::kHandshake: return Earlier(channel_.timer().deadline(), GiveUp());
    case State::kReady: return channel_.timer().deadline();
    case State::kIdle:
    case State::kClosed: return std::nullopt;
  }
  std::abort();
}

TimePoint DtlsChannel::GiveUp() const {
  const Duration life = std::max<Duration>(tls::kHandshakeLifeMax, config_.handshake_timeout);
  return std::min(started_ + life, heard_ + config_.handshake_timeout);
}

// Data of the server came. An attacker who forges it only delays the handshake, whose life is
// limited.
void DtlsChannel::Heard(TimePoint now, size_t bytes) {
  heard_ = now;
  // For a repeated ClientHello the last copy is measured. Otherwise the wait for a lost one would
  // make a fast link seem slow, and the handshake too slow to end in time.
  if (link_.bytes == 0) link_ = {now - hello_sent_, hello_bytes_ + bytes};
  channel_.timer().SetNow(now);
  channel_.timer().Extend(tls::LinkTime(link_, kServerDatagramBytes));
}

void DtlsChannel::Run(TimePoint now) {
  now_ = now;
  channel_.timer().SetNow(now);
  flight_bytes_ = 0;
  if (state_ == State::kHandshake) Shake();
  if (state_ == State::kReady) Read();
}

void DtlsChannel::Shake() {
  const int code = channel_.Handshake();
  if (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE) return;
  if (code != 0) {
    Fail(code);
    return;
  }
  state_ = State::kReady;
}

void DtlsChannel::Read() {
  std::array<uint8_t, kMessageBytesMax> buffer;
  for (;;) {
    const int got = channel_.Read(buffer);
    if (got == MBEDTLS_ERR_SSL_WANT_READ || got == MBEDTLS_ERR_SSL_WANT_WRITE) return;
    if (got <= 0) {
      Fail(got);
      return;
    }
    messages_.Push({}, ByteView(buffer.data(), static_cast<size_t>(got)));
  }
}

void DtlsChannel::Fail(int code) {
  if (code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
    Closed("the server closed the connection");
    return;
  }
  if (code == MBEDTLS_ERR_SSL_TIMEOUT) {
    Closed("the server does not answer the DTLS handshake");
    return;
  }
  if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
    std::array<char, 512> why{};
    mbedtls_x509_crt_verify_info(why.data(), why.size(), "",
                                 mbedtls_ssl_get_verify_result(channel_.ssl()));
    std::string text = why.data();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text) c = c == '\n' ? ' ' : c;
    Closed("the server's certificate was refused: " + text);
    return;
  }
  const char* phase =
      state_ == State::kHandshake ? "the DTLS handshake failed: " : "the DTLS connection failed: ";
  Closed(phase + tls::ErrorText(code));
}

void DtlsChannel::Closed(std::string detail) {
  state_ = State::kClosed;
  detail_ = std::move(detail);
}

void DtlsChannel::Seal(TimePoint now, ByteView message) {
  if (state_ != State::kReady) return;
  now_ = now;
  channel_.timer().SetNow(now);
  sealing_ = message;
  const int code = channel_.Write(message);
  sealing_ = {};
  if (code != 0) Fail(code);
}

void DtlsChannel::CloseNotify(TimePoint now) {
  if (state_ == State::kReady) {
    now_ = now;
    channel_.timer().SetNow(now);
    channel_.CloseNotify();
  }
  Closed("closed");
}

std::optional<ByteView> DtlsChannel::PollMessage() {
  const auto packet = messages_.Pop();
  if (!packet) return std::nullopt;
  return packet->bytes;
}

std::optional<ByteView> DtlsChannel::PollDatagram() {
  const auto packet = datagrams_.Pop();
  if (!packet) return std::nullopt;
  return packet->bytes;
}

void DtlsChannel::Transmit(ByteView datagram) {
  datagrams_.Push({}, datagram);
  if (state_ == State::kHandshake) {
    flight_bytes_ += datagram.size() + tls::kDatagramHeaderBytes;
    if (hello_bytes_ == 0) hello_bytes_ = flight_bytes_;
    if (link_.bytes == 0) hello_sent_ = now_;
    // The first flight after the cookie is answered by datagrams of full size, the last by a few
    // records.
    const size_t answer = saw_certificate_ ? kServerLastFlightBytes : kServerDatagramBytes;
    channel_.timer().SetFloor(link_.bytes == 0 ? Duration(kFirstHelloWait)
                                               : tls::LinkTime(link_, flight_bytes_ + answer));
  }
  if (config_.trace) config_.trace({now_, true, datagram, sealing_});
}

// Notes the received handshake messages, because mbedTLS reports neither a resumption nor a ticket.
// A forged message breaks the handshake.
void DtlsChannel::Look(const tls::Record& record) {
  if (record.type != tls::RecordType::kHandshake || record.epoch != 0) return;
  ByteView messages = record.fragment;
  while (messages.size() >= kHandshakeHeaderBytes) {
    if (messages[0] == kCertificate) saw_certificate_ = true;
    if (messages[0] == kNewSessionTicket) saw_ticket_ = true;
    const size_t fragment = static_cast<size_t>(messages[9]) << 16 |
                            static_cast<size_t>(messages[10]) << 8 | messages[11];
    messages = messages.subspan(kHandshakeHeaderBytes);
    messages = messages.subspan(std::min(fragment, messages.size()));
  }
}

bool DtlsChannel::resumed() const { return state_ == State::kReady && !saw_certificate_; }

std::string DtlsChannel::CipherSuite() const {
  const char* name = mbedtls_ssl_get_ciphersuite(channel_.ssl());
  return name == nullptr ? "" : name;
}

Bytes DtlsChannel::SaveTicket() const {
  if (state_ != State::kReady || !(saw_ticket_ || resumed())) return {};
  tls::SslSession session;
  if (mbedtls_ssl_get_session(channel_.ssl(), session.get()) != 0) return {};
  size_t size = 0;
  mbedtls_ssl_session_save(session.get(), nullptr, 0, &size);
  Bytes saved(size);
  if (mbedtls_ssl_session_save(session.get(), saved.data(), saved.size(), &size) != 0) return {};
  return saved;
}

}  // namespace lowband::client
