// The configuration of one worker's lanes, with its defaults.
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
  /// The least number of lanes that take requests, 1 to kLanesMax; there is one for each known
  /// replica. Two: one dead replica is no outage.
  size_t lanes = 2;
  /// A lane is replaced after a random time between these, unless another lane has reached its
  /// replica meanwhile; random, so that the edges do not all move at once. min <= max.
  Duration lane_life_min = std::chrono::seconds(30);
  Duration lane_life_max = std::chrono::seconds(60);
  /// The probe, a lane that looks for other replicas, is replaced this soon after a change, then
  /// after twice as long, and so on up to max. Soon at first, since new replicas seldom come alone;
  /// max is short enough that a new replica has its share long before 90 s.
  Duration probe_delay_min = std::chrono::milliseconds(500);
  Duration probe_delay_max = std::chrono::seconds(5);
  /// How long a request waits when no lane is open. Deployed clients retransmit after 2 s.
  Duration no_translator_timeout = std::chrono::seconds(2);
  /// The wait before a lost lane is replaced: doubled at each failure in a row up to max; chance
  /// takes off up to half. Short, since a restarted translator must be in use within 2 s.
  Duration reopen_delay_min = std::chrono::milliseconds(100);
  Duration reopen_delay_max = std::chrono::seconds(1);
  /// The wait before an exchange of a dead lane goes to another one: lanes to one replica die
  /// together, and an exchange gets only one second try.
  Duration resend_delay = std::chrono::milliseconds(20);
  /// The interval between repeated long polls of a dead lane; shorter if they would take longer
  /// than the maximum in all. Otherwise all would reach another translator, and the homeserver, at
  /// once. A later start of a poll does no harm.
  Duration poll_resend_interval = std::chrono::milliseconds(1);
  Duration poll_resend_time_max = std::chrono::seconds(5);
  /// Codes of the uplink's own answers.
  coap::CodeSet codes = coap::CodeSet::kDeployed;
  /// --max-response-body: one answer's body; a longer one becomes an error.
  size_t answer_bytes_max = kAnswerBytesDefault;
  /// Bodies of all incomplete answers.
  size_t answers_bytes_max = kAnswersBytesMax;
  size_t requests_bytes_max = kRequestsBytesMax;
  size_t exchanges_max = kExchangesMax;
  /// The records that are made, to be drained.
  Records records = Records::kNone;
  /// For the clients' pseudonyms in the records.
  PseudonymSalt salt{};

  /// One worker's part of this configuration of the process.
  Config PerWorker(size_t workers) const {
    Config part = *this;
    part.answers_bytes_max /= workers;
    return part;
  }
};

}  // namespace lowband::edge::uplink
