// The shares of one worker's request layer in the process's ledgers.
//
// Threading: one worker thread. Ownership: outlives all bookings. Limits: the ledgers'.
#pragma once

#include <array>

#include "services/edge/admission/request_ledgers.h"
#include "services/edge/request/config.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/limits.h"
#include "services/edge/request/token_share.h"

namespace lowband::edge::request {

struct Rooms {
  Rooms(const Config& config, admission::RequestLedgers& ledgers, unsigned worker)
      : uploads(ledgers.uploads, kUploadRules, worker),
        small_uploads(ledgers.small_uploads, kSmallUploadRules, worker),
        downloads(ledgers.downloads, kDownloadRules, worker),
        small_downloads(ledgers.small_downloads, kDownloadRules, worker),
        // Short requests end soon: a newcomer waits for those of its own network, and of a network
        // that has no more than one session may have.
        exchanges(ledgers.exchanges,
                  {.needed_sheltered = Duration::max(),
                   .modest = config.exchanges_per_session_max,
                   .spare_max = kSparePlaces},
                  worker),
        polls(ledgers.polls, {}, worker),
        waiting(ledgers.waiting, kWaitingRules, worker),
        observations(ledgers.observations, {.costs_session = true}, worker),
        tokens(ledgers.tokens, worker),
        newest_sessions(ledgers.newest_sessions) {}

  std::array<LedgerShare*, 8> all() {
    return {&uploads,   &small_uploads, &downloads, &small_downloads,
            &exchanges, &polls,         &waiting,   &observations};
  }

  LedgerShare uploads;
  LedgerShare small_uploads;
  LedgerShare downloads;
  LedgerShare small_downloads;
  LedgerShare exchanges;
  LedgerShare polls;
  LedgerShare waiting;
  LedgerShare observations;
  TokenShare tokens;
  admission::NewestSessions& newest_sessions;

 private:
  /// A request under way may have been carried out: it makes room only for other networks.
  static constexpr ShareRules kUploadRules{.partial_sheltered = kUploadQuiet,
                                           .needed_sheltered = Duration::max()};
  static constexpr ShareRules kSmallUploadRules{.partial_sheltered = kUploadQuiet,
                                                .needed_sheltered = Duration::max(),
                                                .spare_max = kSpareBytes};
  static constexpr ShareRules kDownloadRules{.partial_sheltered = kDownloadSheltered,
                                             .needed_sheltered = kDownloadSheltered};
  static constexpr ShareRules kWaitingRules{.needed_sheltered = Duration::max()};
};

}  // namespace lowband::edge::request
