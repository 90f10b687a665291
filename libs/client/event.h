// The requests given to a session, and the events in which they end.
//
// Threading: values. Spec: RFC 7252, RFC 7641, RFC 7959, RFC 7967.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/base/bytes.h"
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

}  // namespace lowband::client
