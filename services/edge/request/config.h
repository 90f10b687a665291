// What an operator can set of the request layer, with its defaults.
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

  /// How long an answer may take at the longest: joins and initial syncs have all of it, while
  /// translators end other requests before (their --request-timeout). Near what the lifetime of
  /// message IDs allows, so that a client that repeats gets the answer to its first try.
  Duration exchange_timeout = kExchangeTimeoutMax;
  /// Requests under way of one session; more wait for their turn (kWaitingPerSessionMax).
  size_t exchanges_per_session_max = 32;
  /// The same of all sessions of the process, polls not counted. Each costs some 2 KB.
  size_t exchanges_max = 100'000;
  /// Polls of all sessions of the process, observations' and clients' own: one for each session,
  /// and as many again.
  size_t polls_max = 200'000;
  /// Requests and uploads of all sessions of the process that wait.
  size_t waiting_max = 65'536;
  /// Requests under way of one access token, and how many of them may be polls.
  admission::TokenTable::Limits tokens = {};

  /// A request's body; more is 4.13.
  size_t request_body_bytes_max = size_t{256} << 10;
  /// Uploads by blocks of one session at once; more wait until one has ended, or its client has
  /// been silent for a moment (kUploadQuiet).
  size_t uploads_per_session_max = 4;
  /// Bodies of requests that are being received or answered, of all sessions of the process: those
  /// that come by blocks, and apart from them those that come in one record.
  size_t request_bytes_max = size_t{128} << 20;
  size_t small_request_bytes_max = size_t{64} << 20;

  /// Blocks of 2^(szx + 4) bytes, 0 to 6, when the client asks for none smaller.
  uint8_t block_szx = 6;
  /// Responses of one session that are kept for being fetched by blocks; the least recently used
  /// goes when there are more. Clients download a few things at once when they start.
  size_t downloads_per_session_max = 4;
  /// Small ones (kSmallDownloadBytes), and those by a window, have a share of their own: as many as
  /// requests in flight.
  size_t small_downloads_per_session_max = 32;
  /// Their bytes, of all sessions of the process: large ones, and apart from them small ones.
  size_t download_bytes_max = size_t{256} << 20;
  size_t small_download_bytes_max = size_t{64} << 20;

  /// --answer-window: so much is kept here of a GET's answer that is larger; a quarter of it is
  /// what its client has already, and may have lost. The rest must last until the translator has
  /// sent more, else downloads wait for it. 0: all answers come, and are kept, whole.
  size_t answer_window = kAnswerWindowDefault;

  /// Observations of one session; a registration beyond is answered once, like any request. 0: none
  /// at all.
  size_t observations_per_session_max = 4;
  /// The same of all sessions of the process. Each costs some 2 KB here, and a long poll at the
  /// homeserver.
  size_t observations_max = 100'000;
  /// The share of a wait after a failed poll that chance may take off, 0 to 1: many observations
  /// fail at once and must not come back at once.
  double poll_jitter = 0.5;

  /// A request that was refused for want of a token waits so long for the token of its session,
  /// whose message may have been lost: deployed clients repeat it after 9 s. 0: it does not wait.
  Duration token_wait = std::chrono::seconds(10);

  /// Makes room for so many sessions, each of which may observe one thing and ask for another.
  void ScaleTo(size_t sessions);
  /// What these limits let be at the translators at one time, and what the uplink keeps of it: its
  /// own limits are no lower, so that they refuse nobody.
  size_t UnderWayMax() const;
  size_t UnderWayBytesMax() const;
  /// What of it is the process's.
  admission::RequestLimits ProcessLimits() const;
  /// Empty, or what is wrong, naming the field ("request.block_szx …").
  std::string Validate() const;
};

}  // namespace lowband::edge::request
