// Lockstep tests: a conversation with the edge, message by message, in virtual time.
//
//   --> MESSAGE         the client sends (see message_text.h); "--> raw HEX" sends just that,
//   --> again           and this its last datagram once more; with "record=7" before either, in the
//                       record of that number, else in the one after all before
//   <-- MESSAGE         the edge must have sent this, now and next
//   <-- again           the very bytes it sent last
//   <-- again 2 times   and those as often in the time to come, unacknowledged: the times from here
//                       are 2, 6, 14 and 30 s, each wait twice the one before (RFC 7252 §4.2)
//   gives up            and those four times, and 32 s later it waits no more: 62 s from here
//   ==> GET path=…      the edge must have started this exchange; "==> cancel" has ended it
//   <== observable      the translator says that it can be observed
//   <== 2.05 body=…     the homeserver answers it (also: format, max-age, status, refused, missing,
//                       open if it would whatever the token, etag, and one segment of a location
//                       each time;
//                       of the poll of an observation: poll=changed cursor=…, poll=failed retry=…;
//                       of an answer by a window: of=SIZE from=OFFSET digest=…, end if it reaches
//                       the end)
//   <== piece body=…    more of that ("end": the last of it; "broken": no more comes)
//   ==> credit until=…  the edge asks for more of it
//   at 2s               time passes until two seconds from the start
//   close               the session ends
//
// What an answer says of the token and of a poll must be what the real translator can say of that
// request (tests/contract).
//
// An exchange or answer may carry a name behind its arrow ("==> $a GET …"); without one the last
// exchange is meant. Names also stand for message IDs and entity tags that the edge chooses: the
// first use binds, later ones compare. Nothing may come out that the script does not expect: it is
// reported before the next input, when time passes, and at the end. '#' begins a comment, '\' at
// the end of a line continues it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/layers_rig.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {

/// Retransmission and backoff without chance, so that scripts can tell the time: 2, 4, 8 … s.
RigConfig LockstepConfig();

class Script {
 public:
  explicit Script(const RigConfig& config = LockstepConfig());
  /// Plays `text`; failures are reported to GoogleTest with the number and text of the line. May
  /// be called several times.
  void Play(std::string_view text);
  Rig& rig() { return rig_; }
  SessionId session() const { return SessionId{1}; }

 private:
  void PlayLine(const std::vector<std::string>& words);
  void ClientSends(std::vector<std::string> words);
  void EdgeSent(const std::vector<std::string>& words);
  /// Time passes, with so many retransmissions; the wait that follows the last of them.
  Duration EdgeRepeats(unsigned times);
  void EdgeStarted(std::vector<std::string> words);
  void HomeserverAnswers(std::vector<std::string> words);
  void TranslatorGoesOn(request::ExchangeId id, const std::vector<std::string>& words);
  void ExpectQuiet();
  void PassTime(TimePoint time);
  static std::string TakeName(std::vector<std::string>& words);

  Rig rig_;
  TimePoint start_;
  Names names_;
  Bytes last_received_;
  Bytes last_sent_;
  void ExpectTranslatorWouldSay(const std::string& name, const request::Answer& answer) const;

  std::map<std::string, request::ExchangeId> exchanges_;
  std::map<std::string, v1::Request> requests_;  ///< Of those.
  std::set<request::ExchangeId> observable_;     ///< The translator has said so of them.
};

}  // namespace lowband::edge::testing
