// Answers to /sync as homeservers write them when a poll has only timed out, and everything that
// can come to them.
#pragma once

#include <string>
#include <vector>

namespace lowband::translator::testing {

/// Synapse leaves out what is empty.
inline constexpr const char* kIdleSynapse =
    R"({"next_batch":"s72_5_0_1_1_1_1_4_0_1","device_one_time_keys_count":)"
    R"({"signed_curve25519":50},"org.matrix.msc2732.device_unused_fallback_key_types":)"
    R"(["signed_curve25519"],"device_unused_fallback_key_types":["signed_curve25519"]})";
/// Older ones wrote everything.
inline constexpr const char* kIdleOldSynapse =
    R"({"account_data":{"events":[]},"to_device":{"events":[]},"device_lists":)"
    R"({"changed":[],"left":[]},"presence":{"events":[]},"rooms":{"join":{},"invite":{},)"
    R"("leave":{}},"groups":{"join":{},"invite":{},"leave":{}},"device_one_time_keys_count":)"
    R"({"signed_curve25519":50},"next_batch":"s72_5_0_1"})";
inline constexpr const char* kIdleConduit = R"({
  "next_batch": "25",
  "rooms": { "join": {}, "knock": null, "leave": { } },
  "presence": {"events": [ ]},
  "account_data": {},
  "device_lists": {},
  "device_one_time_keys_count": {"signed_curve25519": 50},
  "device_unused_fallback_key_types": null
}
)";
inline constexpr const char* kIdleMinimal = R"({"next_batch":"1"})";

inline const std::vector<std::string> kIdleBodies = {kIdleSynapse, kIdleOldSynapse, kIdleConduit,
                                                     kIdleMinimal};

/// Members, each of which a client has to be told.
inline const std::vector<std::string> kAdditions = {
    R"("rooms":{"join":{"!r:h":{"timeline":{"events":[{"type":"m.room.message"}]}}}})",
    R"("rooms":{"join":{"!r:h":{"ephemeral":{"events":[{"type":"m.typing"}]}}}})",
    R"("rooms":{"join":{"!r:h":{}}})",
    R"("rooms":{"invite":{"!r:h":{"invite_state":{"events":[]}}}})",
    R"("rooms":{"leave":{"!r:h":{}}})",
    R"("rooms":{"knock":{"!r:h":{}}})",
    R"("rooms":{"peek":{"!r:h":{}}})",
    R"("rooms":{"":1})",
    R"("rooms":["!r:h"])",
    R"("ro\u006fms":{"join":{"!r:h":{}}})",
    R"("presence":{"events":[{"sender":"@a:h"}]})",
    R"("account_data":{"events":[{"type":"m.direct"}]})",
    R"("to_device":{"events":[{"type":"m.room_key_request"}]})",
    R"("to_device":{"limited":true})",
    R"("device_lists":{"changed":["@a:h"]})",
    R"("device_lists":{"changed":[],"left":["@a:h"]})",
    R"("device_lists":0)",
    R"("device_one_time_keys_count":{"signed_curve25519":49})",
    R"("device_unused_fallback_key_types":[])",
    R"("org.example.extension":{"events":[{"type":"x"}]})",
    R"("org.example.extension":false)",
    R"("":"")",
};

/// `body` with one more member, before all others or behind them.
inline std::string With(std::string body, const std::string& member, bool behind) {
  if (behind) {
    body.insert(body.find_last_of('}'), "," + member);
  } else {
    body.insert(body.find('{') + 1, member + ",");
  }
  return body;
}

}  // namespace lowband::translator::testing
