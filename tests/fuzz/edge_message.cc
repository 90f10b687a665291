// Any sequence of datagrams, answers and pauses for the message layer: what it sends is sound, and
// when everything is answered and time has passed, nothing is left.
#include <algorithm>
#include <memory>
#include <vector>

#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"
#include "tests/fuzz/byte_script.h"

namespace {

using namespace lowband;
using namespace lowband::edge;
using fuzz::Check;

class Subject {
 public:
  explicit Subject(fuzz::ByteScript script)
      : script_(script),
        random_(MakeSeededRandom(1)),
        layer_(SmallConfig(), *random_, ledgers_, 0) {
    for (uint64_t i = 1; i <= 3; ++i) Open(SessionId{i});
  }

  void Run() {
    while (!script_.done()) Step();
    while (!requests_.empty()) Answer(0, message::OnDuplicate::kRepeat);
    Pass(std::chrono::seconds(100));
    // What was given up is kept for its client until nobody wants it any more.
    for (const message::SendId id : sent_) {
      for (const SessionId session : {SessionId{1}, SessionId{2}, SessionId{3}}) {
        layer_.Abandon(now_, session, id);
      }
    }
    Pass(std::chrono::seconds(700));
    Check(layer_.unanswered() == 0);
    Check(layer_.unacknowledged() == 0);
    Check(layer_.session_count() == 0);
    Check(layer_.answer_bytes() == 0);
    Check(!layer_.NextDeadline());
  }

 private:
  static message::Config SmallConfig() {
    message::Config config;
    config.answer_bytes_per_session_max = 2048;
    config.answer_bytes_max = 4096;
    config.confirmables_max = 12;
    return config;
  }

  // The first two are of one network; the homeserver knows the third.
  void Open(SessionId session) {
    layer_.SetNetwork(session, admission::Network{session == SessionId{3} ? 2u : 1u});
    if (session == SessionId{3}) layer_.Prove(session);
  }

  SessionId Session() { return SessionId{1u + script_.Byte() % 3}; }

  void Step() {
    switch (script_.Byte() % 7) {
      case 0: {
        const SessionId session = Session();
        layer_.Receive(now_, session, script_.Chunk());
        break;
      }
      case 1: ReceiveShort(); break;
      case 2:
        if (!requests_.empty()) {
          const uint8_t choice = script_.Byte();
          Answer(choice % requests_.size(),
                 choice & 0x80 ? message::OnDuplicate::kAskAgain : message::OnDuplicate::kRepeat);
        }
        break;
      case 3: Pass(script_.Pause()); break;
      case 4: {
        const message::SendId id = layer_.SendConfirmable(now_, Session(), Response());
        if (id.value != 0) sent_.push_back(id);
        break;
      }
      case 5:
        if (!sent_.empty()) layer_.Abandon(now_, Session(), sent_[script_.Byte() % sent_.size()]);
        break;
      case 6: Forget(Session()); break;
    }
    Drain();
  }

  // A message that parses, with one of few IDs or of one that the layer used.
  void ReceiveShort() {
    static constexpr uint8_t kCodes[] = {0x00, 0x01, 0x02, 0x05, 0x45, 0x88, 0x20, 0xe0};
    const SessionId session = Session();
    const uint8_t head = script_.Byte();
    const uint8_t choice = script_.Byte();
    const bool own = (choice & 0x80) != 0 && !own_ids_.empty();
    const auto id = own ? own_ids_[choice % own_ids_.size()] : static_cast<uint16_t>(choice & 15);
    const auto type = static_cast<coap::Type>(head & 3);
    const coap::Code code{kCodes[(head >> 2) % std::size(kCodes)]};
    if (code.is_empty()) {
      layer_.Receive(now_, session, coap::EmptyMessage(type, id));
      return;
    }
    const uint8_t token = head >> 5;
    layer_.Receive(now_, session,
                   coap::MessageWriter(type, code, id, coap::Token(ByteView(&token, 1))).Finish());
  }

  Bytes Response() {
    const uint8_t token = script_.Byte();
    return coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0,
                               coap::Token(ByteView(&token, 1)))
        .Finish(Bytes(size_t{script_.Byte()} * 8));
  }

  void Answer(size_t index, message::OnDuplicate on_duplicate) {
    const message::RequestRef ref = requests_[index];
    requests_.erase(requests_.begin() + static_cast<ptrdiff_t>(index));
    const message::SendId id = layer_.Respond(now_, ref, Response(), on_duplicate);
    if (id.value != 0) sent_.push_back(id);
    Check(layer_.Respond(now_, ref, Response()) == message::SendId{});
    Drain();
  }

  void Forget(SessionId session) {
    layer_.Forget(session);
    Open(session);
    std::erase_if(requests_, [&](const auto& ref) { return ref.session == session; });
    Check(layer_.UnansweredOf(session) == 0);
  }

  void Pass(Duration duration) {
    const TimePoint end = now_ + duration;
    int steps = 0;
    while (now_ < end) {
      const TimePoint before = now_;
      now_ = std::max(now_, std::min(end, layer_.NextDeadline().value_or(end)));
      layer_.Advance(now_);
      Drain();
      steps = now_ == before ? steps + 1 : 0;
      Check(steps < 3);  // deadlines go away when they are met
    }
  }

  void Drain() {
    while (const auto event = layer_.PollEvent()) {
      if (const auto* arrived = std::get_if<message::RequestArrived>(&*event)) {
        Check(arrived->message.code.is_request());
        requests_.push_back(arrived->ref);
      }
    }
    while (const auto transmit = layer_.PollTransmit()) {
      const auto message = coap::Parse(transmit->message);
      Check(message.has_value());
      if (message->type == coap::Type::kConfirmable ||
          message->type == coap::Type::kNonConfirmable) {
        Check(message->message_id != 0);
        own_ids_.push_back(message->message_id);
      }
    }
    Check(layer_.unanswered() == requests_.size());
    Check(layer_.answer_bytes() <= SmallConfig().answer_bytes_max);
    Check(layer_.unacknowledged() <= SmallConfig().confirmables_max);
  }

  fuzz::ByteScript script_;
  std::unique_ptr<Random> random_;
  admission::MessageLedgers ledgers_{SmallConfig().ProcessLimits()};
  message::Layer layer_;
  TimePoint now_;
  std::vector<message::RequestRef> requests_;
  std::vector<message::SendId> sent_;
  std::vector<uint16_t> own_ids_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Longer ones only repeat themselves.
  Subject(fuzz::ByteScript(data, std::min<size_t>(size, 2048))).Run();
  return 0;
}
