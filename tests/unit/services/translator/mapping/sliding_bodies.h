// Answers to sliding sync as Synapse writes them when a poll has only timed out, and everything
// that can come to them.
#pragma once

#include <string>
#include <vector>

namespace lowband::translator::testing {

inline constexpr const char* kIdleSliding =
    R"({"pos":"5/s72_5_0_1","lists":{"all":{"count":2,"ops":[{"op":"SYNC","range":[0,19],)"
    R"("room_ids":["!a:h","!b:h"]}]}},"rooms":{},"extensions":{"to_device":{"next_batch":"9",)"
    R"("events":[]},"e2ee":{"device_one_time_keys_count":{"signed_curve25519":50},)"
    R"("device_unused_fallback_key_types":["signed_curve25519"],"device_lists":{"changed":[],)"
    R"("left":[]}},"account_data":{"global":[],"rooms":{}},"receipts":{"rooms":{}},)"
    R"("typing":{"rooms":{}}}})";
inline constexpr const char* kIdleSlidingMinimal = R"({"pos":"1"})";

/// Replaces the first `from` of kIdleSliding.
struct SlidingChange {
  const char* from;
  const char* to;
};
/// Changes, each of which a client has to be told.
inline const std::vector<SlidingChange> kSlidingChanges = {
    {R"("rooms":{},"ext)", R"("rooms":{"!a:h":{"timeline":[{"type":"m.x"}]}},"ext)"},
    {R"("rooms":{},"ext)", R"("rooms":{"!a:h":{}},"ext)"},
    {R"("count":2)", R"("count":3)"},
    {R"(["!a:h","!b:h"])", R"(["!b:h","!a:h"])"},
    {R"("events":[])", R"("events":[{"type":"m.room_key"}])"},
    {R"("signed_curve25519":50)", R"("signed_curve25519":49)"},
    {R"(["signed_curve25519"])", R"([])"},
    {R"("changed":[])", R"("changed":["@a:h"])"},
    {R"("left":[])", R"("left":["@a:h"])"},
    {R"("global":[])", R"("global":[{"type":"m.direct","content":{}}])"},
    {R"("global":[],"rooms":{})", R"("global":[],"rooms":{"!a:h":[{"type":"m.tag"}]})"},
    {R"("receipts":{"rooms":{}})", R"("receipts":{"rooms":{"!a:h":{"type":"m.receipt"}}})"},
    {R"("typing":{"rooms":{}})", R"("typing":{"rooms":{"!a:h":{"type":"m.typing"}}})"},
    {R"("typing":{)", R"("org.example":{"rooms":{"!a:h":1}},"typing":{)"},
    {R"("typing":{)", R"("org.example":7,"typing":{)"},
    {R"("rooms":{},"ext)", R"("rooms":{},"other":[1],"ext)"},
};

inline std::string Changed(std::string body, const SlidingChange& change) {
  return body.replace(body.find(change.from), std::string(change.from).size(), change.to);
}

}  // namespace lowband::translator::testing
