#include "services/edge/dtls/channel.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "libs/tls/key_log.h"
#include "services/edge/dtls/hmac.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {
namespace {

// The meaning of an engine's negative return value for the session.
Progress Classify(int code) {
  switch (code) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE: return Progress::kNone;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return Progress::kPeerClosed;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: return Progress::kPeerAlert;
    default: return Progress::kFailed;
  }
}

}  // namespace

Channel::Channel(std::shared_ptr<Engine> engine, const tls::LinkSample& link, Outbox& outbox)
    : engine_(std::move(engine)), outbox_(outbox), link_(link) {}

std::unique_ptr<Channel> Channel::Make(std::shared_ptr<Engine> engine, const Config& config,
                                       const ClientHello& hello, const ConnectionId& id,
                                       const tls::LinkSample& link, Outbox& outbox) {
  auto channel = std::make_unique<Channel>(std::move(engine), link, outbox);
  return channel->SetUp(config, hello, id) ? std::move(channel) : nullptr;
}

bool Channel::SetUp(const Config& config, const ClientHello& hello, const ConnectionId& id) {
  mbedtls_ssl_context* ssl = channel_.ssl();
  if (channel_.SetUp(engine_->ConfigFor(hello), config.handshake_datagram_bytes_max) != 0) {
    return false;
  }
  key_log_ = config.key_log;
  knows_tickets_ = hello.knows_tickets;
  mbedtls_ssl_set_export_keys_cb(ssl, TakeSecret, this);
  return mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, id.data(), id.size()) == 0;
}

// RFC 5246 §7.3: a resumed session has the master secret of the earlier one. A hash of the secret
// reveals nothing else.
void Channel::TakeSecret(void* channel, mbedtls_ssl_key_export_type type,
                         const unsigned char* secret, size_t secret_size,
                         const unsigned char client_random[32],
                         const unsigned char server_random[32], mbedtls_tls_prf_types prf) {
  auto& self = *static_cast<Channel*>(channel);
  if (self.key_log_ != nullptr) {
    tls::KeyLog::Export(self.key_log_, type, secret, secret_size, client_random, server_random,
                        prf);
  }
  if (!self.knows_tickets_ || type != MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET) return;
  Hmac hash(AsBytes("lowband lineage"));
  hash.Add({secret, secret_size});
  const Mac mac = hash.Finish();
  std::memcpy(&self.lineage_, mac.data(), sizeof(self.lineage_));
}

Channel::Received Channel::Receive(TimePoint now, const SocketAddress& peer, ByteView record,
                                   std::span<uint8_t> plaintext) {
  peer_ = &peer;
  flight_bytes_ = largest_ = 0;
  Received out;
  channel_.Feed(now, record, [&] {
    out = open_ ? Read(plaintext) : Received{Shake(), {}};
    return out.progress == Progress::kNone;
  });
  FlightSent(now);
  return out;
}

Progress Channel::Advance(TimePoint now, const SocketAddress& peer) {
  if (open_) return Progress::kNone;
  peer_ = &peer;
  channel_.timer().SetNow(now);
  flight_bytes_ = largest_ = 0;
  const Progress progress = Shake();
  FlightSent(now);
  return progress;
}

void Channel::FlightSent(TimePoint now) {
  if (flight_bytes_ == 0) return;
  flight_done_ = now + tls::LinkTime(link_, flight_bytes_ + kClientFlightBytes);
  if (open_) return;
  flight_largest_ = largest_;
  if (++flights_ == kFlightsInVain) mbedtls_ssl_set_mtu(channel_.ssl(), kSmallDatagramBytes);
}

Progress Channel::Shake() {
  const int code = channel_.Handshake();
  resumed_ = engine_->TakeTicketAccepted() || resumed_;
  if (code != 0) return Classify(code);
  open_ = true;
  return Progress::kOpened;
}

Channel::Received Channel::Read(std::span<uint8_t> plaintext) {
  const int size = channel_.Read(plaintext);
  if (size < 0) return {Classify(size), {}};
  if (size == 0) return {};
  return {Progress::kData, plaintext.first(static_cast<size_t>(size))};
}

bool Channel::Send(const SocketAddress& peer, ByteView data) {
  peer_ = &peer;
  return channel_.Write(data) == 0;
}

size_t Channel::RecordBytes(size_t data) const {
  const int expansion = mbedtls_ssl_get_record_expansion(channel_.ssl());
  return data + (expansion < 0 ? kRecordOverheadMax : static_cast<size_t>(expansion));
}

void Channel::Close(const SocketAddress& peer) {
  peer_ = &peer;
  channel_.CloseNotify();
}

void Channel::Transmit(ByteView datagram) {
  outbox_.Push(*peer_, datagram);
  // In an open session only Receive sends flights; the engine sets no timer for them.
  flight_bytes_ += datagram.size() + tls::kDatagramHeaderBytes;
  largest_ = std::max(largest_, datagram.size());
  if (!open_) {
    channel_.timer().SetFloor(tls::LinkTime(link_, flight_bytes_ + kClientFlightBytes));
  }
}

}  // namespace lowband::edge::dtls
