// The parts of a homeserver's answer to /sync that an observation needs: the start of the next
// poll, and whether this answer has news.
//
// Every member of the document is one of three:
//   next_batch
//   news      content of the members that carry events: rooms, presence, account_data, to_device,
//             device_lists. Empty ones are nothing.
//   residue   all the rest: counts of one-time keys, extensions unknown here. A homeserver repeats
//             it in every answer, so it is something new when it differs from the last one.
//
// Threading: free functions; any thread. Spec: Matrix client-server API, GET /sync.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/translator/mapping/extension_positions.h"

namespace lowband::translator::mapping {

struct SyncAnswer {
  std::string next_batch;
  bool news = false;
  /// A hash of the residue's keys and values as they are written, in their order. Equal in every
  /// version, since replicas compare each other's.
  uint64_t residue = 0;
  ExtensionPositions positions = {};  ///< Of sliding sync (sliding_answer.h).
};

/// None if that is no JSON object, or has no next_batch that a cursor could hold. Only the parts
/// that are read are validated.
std::optional<SyncAnswer> ReadSyncAnswer(std::string_view json);

}  // namespace lowband::translator::mapping
