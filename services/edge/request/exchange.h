// The commands of the request stage to the uplink, and the answers. An exchange is one request on
// its way through a translator to the homeserver.
//
// Ownership: values, moved along. Threading: any one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "libs/coap/code.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::edge::request {

/// Unique for the life of a worker.
using ExchangeId = uint64_t;

/// Starts an exchange. `request` has the whole body in `body`; the uplink splits it into chunks.
struct StartExchange {
  ExchangeId id = 0;
  v1::Request request;
  TimePoint deadline;  ///< The uplink answers 5.04 itself when this passes.
};
/// Ends an exchange. No answer comes.
struct CancelExchange {
  ExchangeId id = 0;
};
/// Allows more of the body of an answer by a window.
struct GiveCredit {
  ExchangeId id = 0;
  uint64_t until = 0;  ///< An offset in the body.
};
using Command = std::variant<StartExchange, CancelExchange, GiveCredit>;

/// The additional fields of an answer by a window. Its exchange goes on until its last piece.
struct AnswerWindow {
  size_t bytes = 0;     ///< Of the whole body.
  size_t from = 0;      ///< The offset of Answer::body in it.
  std::string digest;   ///< Of the whole body.
  bool ended = false;   ///< Answer::body is the last piece.
  v1::Request request;  ///< The request, to be repeated for the rest.
};

/// The one answer of an exchange: from the translator, or made by the uplink (5.02, 5.03, 5.04 with
/// a Matrix error body) when no translator gave one. Complete, unless it comes by a window.
struct Answer {
  ExchangeId id = 0;
  coap::Code code;
  std::optional<uint32_t> http_status;
  std::optional<uint32_t> content_format;
  std::optional<uint32_t> max_age;
  bool token_refused = false;
  bool token_missing = false;                   ///< Refused because it had no token.
  bool token_taken = false;                     ///< The homeserver accepted its token.
  bool long_poll = false;                       ///< The homeserver waited as long as it chose to.
  std::optional<v1::Poll> poll;                 ///< Of the poll of an observation.
  Bytes entity_tag = {};                        ///< Empty: none.
  std::vector<std::string> location_path = {};  ///< Of the created resource.
  Bytes body;
  std::unique_ptr<AnswerWindow> window;  ///< If set, `body` is only the first piece.
};

/// A later piece of an answer by a window.
struct AnswerPiece {
  enum class Then : uint8_t {
    kMore,
    kEnd,     ///< This is the last piece.
    kBroken,  ///< No more comes: the lane died, or the translator lost the answer.
  };
  ExchangeId id = 0;
  Bytes bytes;
  Then then = Then::kMore;
};

}  // namespace lowband::edge::request
