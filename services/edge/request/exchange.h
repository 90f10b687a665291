// What the request stage asks of the uplink, and what comes back. An exchange is one request on
// its way through the translator to the homeserver.
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

/// Start an exchange. `request` carries the whole body in `body` (whatever its size); cutting it
/// into chunks for the wire is the uplink's work.
struct StartExchange {
  ExchangeId id = 0;
  v1::Request request;
  TimePoint deadline;  ///< The uplink answers 5.04 itself when this passes.
};
/// The answer is no longer wanted. None will come.
struct CancelExchange {
  ExchangeId id = 0;
};
/// The body of an answer by a window may come up to there.
struct GiveCredit {
  ExchangeId id = 0;
  uint64_t until = 0;  ///< An offset in the body.
};
using Command = std::variant<StartExchange, CancelExchange, GiveCredit>;

/// What an answer by a window has beside others. Its exchange goes on until its last piece.
struct AnswerWindow {
  size_t bytes = 0;     ///< Of the whole body.
  size_t from = 0;      ///< Where Answer::body begins in it.
  std::string digest;   ///< Of the whole body.
  bool ended = false;   ///< Answer::body reaches its end: no piece follows.
  v1::Request request;  ///< What it answers, to be asked again.
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
  bool token_missing = false;                   ///< Refused for want of a token; it had none.
  bool token_taken = false;                     ///< The homeserver took its token.
  bool long_poll = false;                       ///< Took as long as the homeserver chose to wait.
  std::optional<v1::Poll> poll;                 ///< Of the poll of an observation.
  Bytes entity_tag = {};                        ///< Empty: none.
  std::vector<std::string> location_path = {};  ///< Of what was made.
  Bytes body;
  std::unique_ptr<AnswerWindow> window;  ///< `body` is but the first piece.
};

/// What follows the first piece of an answer by a window.
struct AnswerPiece {
  enum class Then : uint8_t {
    kMore,
    kEnd,     ///< That was all.
    kBroken,  ///< No more comes: its lane died, or its translator did not keep it.
  };
  ExchangeId id = 0;
  Bytes bytes;
  Then then = Then::kMore;
};

}  // namespace lowband::edge::request
