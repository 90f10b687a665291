// As sync_answer.h, for sliding sync.
//
//   pos         the position
//   news        content of rooms, and of extensions: to_device.events, account_data.global,
//               account_data.rooms, receipts.rooms, typing.rooms, e2ee.device_lists. Empty ones are
//               nothing.
//   positions   next_batch of any extension (extension_positions.h)
//   residue     all the rest: lists, with their counts and the order of their rooms, counts of
//               one-time keys, extensions unknown here. A homeserver repeats it in every answer.
//
// Threading: free functions; any thread. Limits: limits.h. Spec: MSC4186, and its unstable form
// org.matrix.simplified_msc3575.
#pragma once

#include <optional>
#include <string_view>

#include "services/translator/mapping/sync_answer.h"

namespace lowband::translator::mapping {

/// None if that is no JSON object, or has no pos, or a position that a cursor cannot hold.
std::optional<SyncAnswer> ReadSlidingAnswer(std::string_view json);

}  // namespace lowband::translator::mapping
