// How the lanes of one worker behave; the defaults are what ships.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/pseudonym.h"
#include "libs/base/time.h"
#include "libs/coap/status.h"
#include "services/edge/uplink/exchange_record.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

struct Config {
  /// Lanes that take requests at one time, at least, 1 to kLanesMax: there is one to each known
  /// replica. Two: one dead replica is no outage.
  size_t lanes = 2;
  /// A lane is replaced after a random time between these, unless its replica was found again
  /// meanwhile; so the edges do not all move at once. min <= max.
  Duration lane_life_min = std::chrono::seconds(30);
  Duration lane_life_max = std::chrono::seconds(60);
  /// The probe, a lane that looks for other replicas, is replaced this soon after something has
  /// changed, then after twice as long, and so on up to max. Soon at first, since what is new does
  /// not come alone; not rarer than max, so that a new replica has its share long before 90 s.
  Duration probe_delay_min = std::chrono::milliseconds(500);
  Duration probe_delay_max = std::chrono::seconds(5);
  /// How long a request waits when no lane is open. Deployed clients retransmit after 2 s.
  Duration no_translator_timeout = std::chrono::seconds(2);
  /// Before a lost lane is replaced: doubled from min at each failure in a row up to max, of which
  /// a random half is taken off. Short, since a restarted translator must be back within 2 s.
  Duration reopen_delay_min = std::chrono::milliseconds(100);
  Duration reopen_delay_max = std::chrono::seconds(1);
  /// Before an exchange of a dead lane goes to another: lanes to one replica die together, and a
  /// second lane is all that an exchange gets.
  Duration resend_delay = std::chrono::milliseconds(20);
  /// Long polls of a dead lane follow each other at this distance, or closer where they are so many
  /// that they would take longer than the second: else all of them would meet another translator,
  /// and the homeserver, at once. Nobody notices a poll that begins later.
  Duration poll_resend_interval = std::chrono::milliseconds(1);
  Duration poll_resend_time_max = std::chrono::seconds(5);
  /// Codes of the answers made here.
  coap::CodeSet codes = coap::CodeSet::kDeployed;
  /// --max-response-body: one answer's body; a longer one is answered by an error.
  size_t answer_bytes_max = kAnswerBytesDefault;
  /// Bodies of all answers that are being assembled.
  size_t answers_bytes_max = kAnswersBytesMax;
  size_t requests_bytes_max = kRequestsBytesMax;
  size_t exchanges_max = kExchangesMax;
  /// Records to be drained; with none, none are made.
  Records records = Records::kNone;
  /// What the clients' pseudonyms in the records are made with.
  PseudonymSalt salt{};

  /// This one is of the process: the part of one of so many workers.
  Config PerWorker(size_t workers) const {
    Config part = *this;
    part.answers_bytes_max /= workers;
    return part;
  }
};

}  // namespace lowband::edge::uplink
