// The message and the request layer of an edge, wired to each other and to nothing else: datagrams
// and answers in, datagrams and commands out, in virtual time.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/coap/limits.h"
#include "services/edge/admission/request_ledgers.h"
#include "services/edge/message/layer.h"
#include "services/edge/request/layer.h"

namespace lowband::edge::testing {

struct RigConfig {
  message::Config message;
  request::Config request;
  uint64_t seed = 1;
  /// Shared with other workers' rigs, and this one's name in them; null: its own, by `request`.
  admission::RequestLedgers* ledgers = nullptr;
  unsigned worker = 0;
  /// What the handshake showed of the path; by default that it takes all that CoAP sends.
  size_t passed_bytes = coap::kMessageBytesDefault;
};

struct Sent {
  TimePoint at;
  SessionId session;
  Bytes datagram;
};

class Rig {
 public:
  explicit Rig(const RigConfig& config = {});

  TimePoint now() const { return now_; }
  void Open(SessionId session, const char* address = "192.0.2.1");
  void Close(SessionId session);
  /// `sequence` is that of its record; none: after all before it.
  void Receive(SessionId session, ByteView datagram, std::optional<uint64_t> sequence = {});
  void Answer(request::Answer answer);
  void Answer(request::AnswerPiece piece);
  void MakeObservable(request::ExchangeId exchange);
  /// Runs everything that is due until `time`, each at its own time. Stops early at a moment at
  /// which something came out.
  void AdvanceTowards(TimePoint time);
  void AdvanceTo(TimePoint time);
  std::optional<TimePoint> NextDeadline();

  std::optional<Sent> TakeSent();
  std::optional<request::Command> TakeCommand();
  /// The sessions that the layer said are proven, and the workers that it asked to make room.
  std::vector<SessionId> TakeProven() { return std::exchange(proven_, {}); }
  /// Sessions that the request layer wants ended; they are not yet.
  std::vector<SessionId> TakeUntold() { return std::exchange(untold_, {}); }
  std::vector<unsigned> TakeReliefs() { return std::exchange(reliefs_, {}); }
  /// Sessions that the layer wanted to end, and that have.
  std::vector<SessionId> TakeSuperseded() { return std::exchange(superseded_, {}); }
  /// Another worker asked for it.
  void Relieve();
  bool quiet() const { return sent_.empty() && commands_.empty(); }

  message::Layer& messages() { return messages_; }
  request::Layer& requests() { return requests_; }

 private:
  void Pump();
  void Step(TimePoint time);

  const size_t passed_bytes_;
  std::unique_ptr<Random> random_;
  TimePoint now_;
  admission::MessageLedgers message_ledgers_;
  message::Layer messages_;
  std::unique_ptr<admission::RequestLedgers> ledgers_;
  std::map<SessionId, TimePoint> heard_;
  request::Layer requests_;
  std::deque<Sent> sent_;
  std::deque<request::Command> commands_;
  std::vector<SessionId> proven_;
  std::vector<SessionId> untold_;
  std::vector<unsigned> reliefs_;
  std::vector<SessionId> superseded_;
  uint64_t newest_record_ = 0;
  int steps_without_progress_ = 0;
};

}  // namespace lowband::edge::testing
