// The state shared by all lanes and relays of an ingress.
//
// Threading: any. Ownership: shared by the lanes and relays, of which one may outlive its stream
// for as long as a thread is inside it.
#pragma once

#include "libs/base/budget.h"
#include "services/translator/ingress/awake.h"
#include "services/translator/ingress/config.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/held_answers.h"
#include "services/translator/ingress/relay_places.h"

namespace lowband::translator::ingress {

struct Shared {
  explicit Shared(const Config& given)
      : config(given),
        exchanges(given.exchanges_max),
        requests_bytes(given.requests_bytes_max),
        answers_bytes(given.answers_bytes_max),
        held(given.answers_held_bytes_max),
        relays(given.relays_max) {}

  const Config config;
  Counters counters;
  Awake awake;
  Budget exchanges;
  Budget requests_bytes;
  Budget answers_bytes;
  HeldAnswers held;
  RelayPlaces relays;
};

}  // namespace lowband::translator::ingress
