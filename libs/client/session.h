// A CoAP client over DTLS or plain UDP: one connection, sans-IO. The command line tools, the load
// generator and the tests use it; it is no part of the services.
//
//   Connect ──▶ handshake (with cookie, optional CID and ticket) ──▶ ready
//   Request ──▶ Block1 upload if large ──▶ CON, retransmitted ──▶ piggybacked or separate answer
//           ──▶ Block2 download if large ──▶ Response event
//   Observe ──▶ as above; an answer with the Observe option begins an observation
//           ──▶ Notification events ──▶ ObservationEnded event
//
// One mutation (Connect, Send, Receive, Advance, …), then drain: PollTransmit and PollEvent until
// they are empty, then sleep until NextDeadline.
//
// Threading: one thread. Ownership: drained views are valid until the next call.
// Limits: limits.h. Spec: RFC 7252, RFC 7641, RFC 7959, RFC 6347, RFC 9146.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/client/config.h"
#include "libs/coap/message.h"

namespace lowband::client {

struct OutgoingOption {
  coap::OptionNumber number;
  Bytes value;
};

struct Request {
  coap::Code method = coap::kGet;
  std::vector<OutgoingOption> options;  ///< Any order; Block options are added by the session.
  Bytes body;
  bool confirmable = true;
  /// RFC 7967: the answer is suppressed. The request ends in a Response with code 0.00 when it has
  /// been acknowledged, or sent, if it is not confirmable.
  bool no_response = false;
};

/// Identifies a request of this session.
using RequestId = uint64_t;

struct Response {
  RequestId id = 0;
  coap::Code code;                      ///< 0.00 if the answer was suppressed.
  std::vector<OutgoingOption> options;  ///< Of the last block, and Observe if it is observed.
  Bytes body;                           ///< Whole, reassembled.
};
enum class Failure : uint8_t {
  kTimeout,    ///< No acknowledgement after all retransmissions, or no answer in time.
  kReset,      ///< The server answered with RST.
  kBlockwise,  ///< The transfer broke: gap, changed ETag, or over the limit.
  kClosed,     ///< The connection ended first.
  kTooLarge,   ///< Does not fit into one message: limits.h. Nothing was sent.
  kExhausted,  ///< Too many requests at once, or all message IDs used within 247 s: limits.h.
};
/// For people: "the server reset the request".
std::string_view Text(Failure failure);
struct RequestFailed {
  RequestId id = 0;
  Failure failure;
};
/// Another complete representation of the observed resource. Representations overtaken by a newer
/// one are skipped.
struct Notification {
  RequestId id = 0;
  coap::Code code;
  std::vector<OutgoingOption> options;  ///< As those of Response.
  Bytes body;
  uint32_t observe = 0;  ///< The server's number; rises, and wraps at 2^24.
};
enum class ObservationEnd : uint8_t {
  kServer,     ///< The server ended it; its last message came as the last Notification.
  kBlockwise,  ///< The rest of a body could not be fetched. The server may still notify.
  kCancelled,  ///< By Unobserve.
  kClosed,     ///< The connection ended first.
};
/// For people: "the server ended the observation".
std::string_view Text(ObservationEnd reason);
/// The end of each observation that began and was not ended by Cancel.
struct ObservationEnded {
  RequestId id = 0;
  ObservationEnd reason;
};
/// The handshake is complete; earlier requests are sent now.
struct Connected {
  std::string cipher_suite;
  bool connection_id = false;
  bool resumed = false;
};
/// The connection ended: by us, by the peer, or because `detail` (a sentence for people).
struct Disconnected {
  std::string detail;
};
/// The end of a Ping: the server answered, or all retransmissions stayed unanswered.
struct Pong {
  bool answered = false;
};
using Event = std::variant<Connected, Response, RequestFailed, Disconnected, Pong, Notification,
                           ObservationEnded>;

/// Datagrams and bytes of UDP payload by purpose, as printed by -v.
struct Traffic {
  uint64_t datagrams_sent = 0;
  uint64_t datagrams_received = 0;
  uint64_t bytes_sent = 0;  ///< UDP payload; add 28 a datagram for IPv4 and UDP headers.
  uint64_t bytes_received = 0;
  uint64_t retransmissions = 0;  ///< Of CoAP messages; flights of the handshake not counted.
};

class Session {
 public:
  /// `random` outlives the session. A configuration that mbedTLS refuses ends in Disconnected.
  Session(const Config& config, Random& random);
  ~Session();

  void Connect(TimePoint now);
  /// The request ends in one Response or one RequestFailed event with this id.
  RequestId Send(TimePoint now, Request request);
  /// Send of a GET or FETCH, with the option Observe added. If the Response has that option too,
  /// the observation has begun: Notifications follow, and one ObservationEnded. If it has none, the
  /// server does not support observing this resource, and only the Response comes.
  RequestId Observe(TimePoint now, Request request);
  /// Cancels the observation at the server; ObservationEnded comes when it has confirmed, or did
  /// not answer. Notifications that come meanwhile are refused.
  void Unobserve(TimePoint now, RequestId id);
  /// Ends a request without an event; its answer will be ignored. For an observation the next
  /// notification gets an RST, which ends it at the server.
  void Cancel(RequestId id);
  /// An empty CON, answered by RST (RFC 7252 §4.3): checks that path and session work.
  void Ping(TimePoint now);
  /// close_notify. Requests that have no answer yet fail with kClosed.
  void Close(TimePoint now);

  void Receive(TimePoint now, ByteView datagram);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<ByteView> PollTransmit();

  const Traffic& traffic() const;
  /// For resumption by a later session (Config::resume); empty if the server gave no ticket.
  Bytes SaveTicket() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::client
