// The configuration of the request layer, with its defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "libs/base/time.h"
#include "libs/coap/limits.h"
#include "libs/coap/status.h"
#include "services/edge/admission/request_ledgers.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

struct Config {
  /// The codes that clients understand.
  coap::CodeSet codes = coap::CodeSet::kDeployed;
  /// The key table of a session that did not name one by option 257; the Go proxy's is 1.
  uint8_t default_key_table = 1;

  /// The longest wait for an answer: joins and initial syncs can use all of it; translators end
  /// other requests earlier (their --request-timeout). Close to the bound by the lifetime of
  /// message IDs, so that a client that repeats gets the answer to its first try.
  Duration exchange_timeout = kExchangeTimeoutMax;
  /// Requests under way of one session; more wait for their turn (kWaitingPerSessionMax).
  size_t exchanges_per_session_max = 32;
  /// Requests under way of all sessions of the process, without polls. Each costs some 2 KB.
  size_t exchanges_max = 100'000;
  /// Polls of all sessions of the process, for observations and for clients' requests: two for each
  /// session.
  size_t polls_max = 200'000;
  /// Requests and uploads of all sessions of the process that wait.
  size_t waiting_max = 65'536;
  /// Requests under way of one access token, and how many of them may be polls.
  admission::TokenTable::Limits tokens = {};

  /// The largest body of a request; a larger one gets 4.13.
  size_t request_body_bytes_max = size_t{256} << 10;
  /// Uploads by blocks of one session at once; more wait until one has ended, or has been without a
  /// new block for kUploadQuiet.
  size_t uploads_per_session_max = 4;
  /// Bodies of requests that are being received or answered, of all sessions of the process:
  /// uploads by blocks, and separately the bodies that come in one record.
  size_t request_bytes_max = size_t{128} << 20;
  size_t small_request_bytes_max = size_t{64} << 20;

  /// Blocks of 2^(szx + 4) bytes, 0 to 6, when the client asks for none smaller.
  uint8_t block_szx = 6;
  /// Responses of one session that are kept to be fetched by blocks; above it, the least recently
  /// used is dropped. Clients download a few at once when they start.
  size_t downloads_per_session_max = 4;
  /// Small downloads (kSmallDownloadBytes), and those by a window, have a limit of their own: as
  /// many as requests in flight.
  size_t small_downloads_per_session_max = 32;
  /// Bytes of downloads of all sessions of the process: large ones, and separately small ones.
  size_t download_bytes_max = size_t{256} << 20;
  size_t small_download_bytes_max = size_t{64} << 20;

  /// --answer-window: the part of a larger answer to a GET that is kept here. A quarter of it is
  /// for blocks that the client may have lost; the rest must last until the translator has sent
  /// more, or downloads wait. 0: the edge takes and keeps all answers whole.
  size_t answer_window = kAnswerWindowDefault;

  /// Observations of one session; a registration beyond is answered like a plain request. 0: none.
  size_t observations_per_session_max = 4;
  /// Observations of all sessions of the process: two for each session. Each costs some 2 KB here,
  /// and a long poll at the homeserver.
  size_t observations_max = 200'000;
  /// The random part of the wait after a failed poll, 0 to 1: many observations fail at once and
  /// must not poll again at once.
  double poll_jitter = 0.5;

  /// How long a request that was refused because it lacks a token waits for the session's token.
  /// The message with that may be lost: deployed clients repeat it after 9 s. 0: no wait.
  Duration token_wait = std::chrono::seconds(10);

  /// Sets the limits for this many sessions, each with an observation and another request.
  void ScaleTo(size_t sessions);
  /// Exchanges that these limits allow at the translators at one time, and their bytes in the
  /// uplink. The uplink's own limits are no lower, so that it refuses none of them.
  size_t UnderWayMax() const;
  size_t UnderWayBytesMax() const;
  /// The limits for the whole process.
  admission::RequestLimits ProcessLimits() const;
  /// Empty, or the error, with the field's name ("request.block_szx …").
  std::string Validate() const;
};

}  // namespace lowband::edge::request
