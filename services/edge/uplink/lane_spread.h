// How a worker's lanes spread over the replicas: which of them take exchanges, which of those the
// next one, and which lane may go because another leads to the same place.
//
// gRPC keeps the list of replicas to itself: what is known of them is where lanes came out. So one
// lane more than there are known replicas is kept, the spare, and replaced often: sooner or later
// it comes out at one that is new.
//
// Threading: one worker thread.
#pragma once

#include <memory>
#include <vector>

#include "libs/base/time.h"
#include "services/edge/uplink/lane.h"

namespace lowband::edge::uplink {

using Lanes = std::vector<std::unique_ptr<Lane>>;  ///< In the order of opening.

/// Replicas that open lanes lead to. Lanes whose replica is unknown are left out.
size_t KnownReplicas(const Lanes& lanes);

/// Decides anew which lanes are spare: those that lead where an older one leads, but for the first
/// `least` lanes, and those whose life is over and that have a successor there.
void MarkSpares(const Lanes& lanes, size_t least);

/// The lane for the next exchange, which is counted on it; null when none is open. Replicas take
/// turns, less often the more one has been given without a word from it: one that hangs gets
/// little, and one that has only long polls is still asked and can show that it is well. Spare
/// lanes only if there are no others.
///
/// Not the lane with the fewest exchanges: a new one has none, and would get everything until it
/// has its share of those that wait for minutes.
///
/// `avoided`: a replica that a lane was just lost to. Its other lanes will follow, and are taken
/// only if there is nothing else. Empty: none.
Lane* ChooseLane(const Lanes& lanes, std::string_view avoided = {});

/// Gives a lane that was just opened its place among the others.
void JoinTurns(const Lanes& lanes, Lane& opened);
/// Something came from `lane`.
void NoteHeard(const Lanes& lanes, Lane& lane);

/// `lane`, whose life is over, can go, since a lane that is no older leads to its replica; or since
/// none came out there again for so long that it must be gone from the name.
bool MayRetire(const Lanes& lanes, const Lane& lane, TimePoint now, Duration overdue);

}  // namespace lowband::edge::uplink
