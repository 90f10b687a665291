#include "services/edge/dtls/channel.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "libs/tls/key_log.h"
#include "services/edge/dtls/hmac.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {
namespace {

// What a negative return value of the engine means for the session.
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
  mbedtls_ssl_context* ssl = ssl_.get();
  if (mbedtls_ssl_setup(ssl, engine_->ConfigFor(hello)) != 0) return false;
  mbedtls_ssl_set_bio(ssl, this, SendBytes, ReceiveBytes, nullptr);
  timer_.Attach(ssl);
  mbedtls_ssl_set_mtu(ssl, static_cast<uint16_t>(config.handshake_datagram_bytes_max));
  key_log_ = config.key_log;
  knows_tickets_ = hello.knows_tickets;
  mbedtls_ssl_set_export_keys_cb(ssl, TakeSecret, this);
  return mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, id.data(), id.size()) == 0;
}

// RFC 5246 §7.3: a resumed session has the master secret of the one before. A hash of it tells
// nobody more than that.
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
  input_ = record;
  timer_.SetNow(now);
  flight_bytes_ = largest_ = 0;
  Received out = open_ ? Read(plaintext) : Received{Shake(), {}};
  // If the flight's time was over, the engine sent it again instead of reading; its next wait lies
  // in the future, so the second call reads.
  if (out.progress == Progress::kNone && !input_.empty()) {
    out = open_ ? Read(plaintext) : Received{Shake(), {}};
  }
  input_ = {};
  FlightSent(now);
  return out;
}

Progress Channel::Advance(TimePoint now, const SocketAddress& peer) {
  if (open_) return Progress::kNone;
  peer_ = &peer;
  timer_.SetNow(now);
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
  if (++flights_ == kFlightsInVain) mbedtls_ssl_set_mtu(ssl_.get(), kSmallDatagramBytes);
}

Progress Channel::Shake() {
  const int code = mbedtls_ssl_handshake(ssl_.get());
  resumed_ = engine_->TakeTicketAccepted() || resumed_;
  if (code != 0) return Classify(code);
  open_ = true;
  // The limit was for flights; what the layers above send has limits of its own.
  mbedtls_ssl_set_mtu(ssl_.get(), 0);
  return Progress::kOpened;
}

Channel::Received Channel::Read(std::span<uint8_t> plaintext) {
  const int size = mbedtls_ssl_read(ssl_.get(), plaintext.data(), plaintext.size());
  if (size < 0) return {Classify(size), {}};
  if (size == 0) return {};
  return {Progress::kData, plaintext.first(static_cast<size_t>(size))};
}

bool Channel::Send(const SocketAddress& peer, ByteView data) {
  peer_ = &peer;
  return mbedtls_ssl_write(ssl_.get(), data.data(), data.size()) == static_cast<int>(data.size());
}

size_t Channel::RecordBytes(size_t data) const {
  const int expansion = mbedtls_ssl_get_record_expansion(ssl_.get());
  return data + (expansion < 0 ? kRecordOverheadMax : static_cast<size_t>(expansion));
}

void Channel::Close(const SocketAddress& peer) {
  peer_ = &peer;
  // Whether it went out makes no difference: the session ends.
  static_cast<void>(mbedtls_ssl_close_notify(ssl_.get()));
}

bool Channel::uses_connection_id() const {
  int enabled = MBEDTLS_SSL_CID_DISABLED;
  std::array<unsigned char, kPeerConnectionIdBytesMax> peer_id;
  size_t size = 0;
  // Takes a pointer to non-const, but reads only.
  auto* ssl = const_cast<mbedtls_ssl_context*>(ssl_.get());
  if (mbedtls_ssl_get_peer_cid(ssl, &enabled, peer_id.data(), &size) != 0) return false;
  return enabled == MBEDTLS_SSL_CID_ENABLED;
}

int Channel::SendBytes(void* channel, const unsigned char* bytes, size_t size) {
  auto& self = *static_cast<Channel*>(channel);
  self.outbox_.Push(*self.peer_, {bytes, size});
  // Of an open session only what Receive sends is a flight; the engine sets no timer for it.
  self.flight_bytes_ += size + tls::kDatagramHeaderBytes;
  self.largest_ = std::max(self.largest_, size);
  if (!self.open_) {
    self.timer_.SetFloor(tls::LinkTime(self.link_, self.flight_bytes_ + kClientFlightBytes));
  }
  return static_cast<int>(size);
}

int Channel::ReceiveBytes(void* channel, unsigned char* out, size_t size) {
  auto& self = *static_cast<Channel*>(channel);
  if (self.input_.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
  // A record longer than the engine's buffer is cut off, and so dropped by the engine.
  const size_t copied = std::min(size, self.input_.size());
  std::memcpy(out, self.input_.data(), copied);
  self.input_ = {};
  return static_cast<int>(copied);
}

}  // namespace lowband::edge::dtls
