// Many clients of one edge, from several addresses: what they send, and what becomes of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/layers_rig.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {

class Crowd {
 public:
  explicit Crowd(Rig& rig) : rig_(rig) {}

  /// A client at `address`.
  SessionId Join(const char* address);
  /// In the words of a script, without type and message ID: "PUT path=a body=#16".
  void Send(SessionId session, std::string_view text);
  /// The homeserver answers the oldest request of that path that is under way: "versions" whatever
  /// its token, and all others by success only where it takes that.
  void Answer(std::string_view path, std::string_view code, size_t body_bytes = 1);
  /// Takes the codes of all that the edge sent to it since, in order: "2.05 5.03".
  std::string Codes(SessionId session);
  /// The same with a request of its own, answered at once with `body_bytes`.
  std::string Ask(SessionId session, std::string_view text, size_t body_bytes = 1);
  /// Logs in: its session is known to the homeserver from there on.
  void Prove(SessionId session, std::string_view token);
  /// Registers for that path, and the translator says that it can be observed.
  void Observe(SessionId session, std::string_view path);
  /// Requests of that path under way.
  size_t UnderWay(std::string_view path);
  void Pass(Duration duration);

 private:
  void Collect();

  Rig& rig_;
  uint64_t last_session_ = 0;
  std::map<SessionId, uint16_t> message_ids_;
  std::map<SessionId, std::vector<std::string>> codes_;
  std::map<request::ExchangeId, std::string> under_way_;
};

}  // namespace lowband::edge::testing
