// Any sequence of requests, acknowledgements, answers and pauses through the message and request
// layers: every response is one that deployed clients survive, no request is carried out twice, and
// when everything is answered and time has passed, nothing is left.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "libs/coap/block.h"
#include "services/edge/request/limits.h"
#include "tests/fuzz/byte_script.h"
#include "tests/support/layers_rig.h"

namespace {

using namespace lowband;
using namespace lowband::edge;
using coap::OptionNumber;
using fuzz::Check;

constexpr size_t kSessions = 2;
constexpr size_t kWindow = request::kAnswerWindowMin;

testing::RigConfig SmallConfig() {
  testing::RigConfig config;
  config.request.exchanges_per_session_max = 4;
  config.request.request_body_bytes_max = 8192;
  config.request.request_bytes_max = config.request.small_request_bytes_max = 8192;
  config.request.downloads_per_session_max = 2;
  config.request.download_bytes_max = config.request.small_download_bytes_max = 80'000;
  config.request.answer_window = kWindow;
  return config;
}

class Subject {
 public:
  explicit Subject(fuzz::ByteScript script) : script_(script), rig_(SmallConfig()) {
    for (size_t i = 0; i < kSessions; ++i) rig_.Open(SessionId{i + 1});
  }

  void Run() {
    while (!script_.done()) Step();
    // Answering may start again what waited for a token.
    while (!exchanges_.empty()) Answer(0, 0);
    // Observations last as long as their sessions; whatever else there is ends by itself.
    for (size_t i = 0; i < kSessions && rig_.requests().usage().observations > 0; ++i) {
      rig_.Close(SessionId{i + 1});
    }
    Drain();
    Pass(std::chrono::seconds(700));
    Check(exchanges_.empty());
    Check(rig_.messages().unanswered() == 0);
    Check(rig_.messages().session_count() == 0);
    Check(rig_.messages().answer_bytes() == 0);
    const request::Usage usage = rig_.requests().usage();
    Check(usage.observations == 0);
    Check(usage.windows == 0 && windows_.empty());
    Check(usage.exchanges + usage.request_bytes + usage.uploads + usage.downloads +
              usage.download_bytes ==
          0);
    Check(!rig_.NextDeadline());
  }

 private:
  SessionId Session() { return SessionId{1u + script_.Byte() % kSessions}; }

  void Step() {
    const uint8_t operation = script_.Byte();
    switch (operation % 8) {
      case 0: {
        const SessionId session = Session();
        rig_.Receive(session, script_.Chunk());
        break;
      }
      case 1:
      case 2: rig_.Receive(Session(), WriteRequest(operation)); break;
      case 3:
        if (!exchanges_.empty()) {
          const uint8_t choice = script_.Byte();
          Answer(choice % exchanges_.size(), choice);
        }
        break;
      case 4: Pass(script_.Pause()); break;
      case 5: Reply(operation); break;
      case 6: {
        const SessionId session = Session();
        rig_.Close(session);
        Drain();
        rig_.Open(session);
        break;
      }
      case 7: {
        const uint8_t choice = script_.Byte();
        if (windows_.empty() || (choice & 1) != 0) {
          MakeObservable(choice);
        } else {
          GoOn(choice >> 1);
        }
        break;
      }
    }
    Drain();
  }

  coap::Block Block() {
    const uint8_t head = script_.Byte();
    return {static_cast<uint32_t>(head & 7), (head & 8) != 0,
            static_cast<uint8_t>((head >> 4) % 7)};
  }

  // A request of few shapes, so that they meet each other.
  Bytes WriteRequest(uint8_t operation) {
    const uint8_t head = script_.Byte();
    const auto id = static_cast<uint16_t>(head & 15);
    return WriteRequestAs(operation & 0x80 ? coap::Type::kNonConfirmable : coap::Type::kConfirmable,
                          id, head);
  }
  Bytes WriteRequestAs(coap::Type type, uint16_t id, uint8_t head) {
    static constexpr size_t kLengths[] = {0, 1, 16, 32, 64, 1024};
    const uint8_t what = script_.Byte();
    const uint8_t token = (head >> 4) & 3;
    const coap::Code method = coap::Code::Of(0, 1 + (what & 7) % 6);
    coap::MessageWriter writer(type, method, id, coap::Token(ByteView(&token, 1)));
    const uint8_t path = static_cast<uint8_t>('a' + (what >> 3) % 2);
    if ((what & 0xe0) == 0x80) writer.OptionUint(OptionNumber::kObserve, 0);
    if ((what & 0xe0) == 0xa0) writer.OptionUint(OptionNumber::kObserve, 1);
    writer.Option(OptionNumber::kUriPath, ByteView(&path, 1));
    const uint8_t with = script_.Byte();
    if (with & 1) writer.OptionUint(OptionNumber::kContentFormat, 50);
    if (with & 2) writer.Option(OptionNumber::kUriQuery, AsBytes("q"));
    if (with & 4) writer.OptionUint(OptionNumber::kAccept, with & 1 ? 60 : 50);
    if (with & 8) writer.OptionUint(OptionNumber::kBlock2, Block().Pack());
    std::optional<coap::Block> block1;
    if (with & 16) block1 = Block();
    if (block1) writer.OptionUint(OptionNumber::kBlock1, block1->Pack());
    if (with & 32) writer.Option(OptionNumber::kMatrixAccessToken, script_.Chunk());
    if (with & 64) writer.OptionUint(OptionNumber::kMatrixKeyTableVersion, script_.Byte());
    size_t length = kLengths[script_.Byte() % std::size(kLengths)];
    if (block1 && (with & 128)) length = block1->size();
    return writer.Finish(Bytes(length, path));
  }

  // ACK or RST to a message of the edge, with a request in it perhaps.
  void Reply(uint8_t operation) {
    const SessionId session = Session();
    const uint8_t choice = script_.Byte();
    if (own_ids_.empty()) return;
    const uint16_t id = own_ids_[choice % own_ids_.size()];
    const auto type = operation & 8 ? coap::Type::kReset : coap::Type::kAcknowledgement;
    if (operation & 16) {
      rig_.Receive(session, WriteRequestAs(type, id, script_.Byte()));
    } else {
      rig_.Receive(session, coap::EmptyMessage(type, id));
    }
  }

  void MakeObservable(uint8_t choice) {
    if (!exchanges_.empty()) rig_.MakeObservable(exchanges_[choice % exchanges_.size()].first);
  }

  void Answer(size_t index, uint8_t choice) {
    static constexpr size_t kLengths[] = {0, 5, 1024, 1100, 3000, 50'000};
    request::Answer answer;
    const auto [id, request] = exchanges_[index];
    answer.id = id;
    exchanges_.erase(exchanges_.begin() + static_cast<ptrdiff_t>(index));
    if (request.answer_window() > 0 && (choice & 0x08) != 0) {
      AnswerByWindow(request, std::move(answer), choice);
      return;
    }
    answer.code = coap::Code{script_.Byte()};
    answer.body = Bytes(kLengths[script_.Byte() % std::size(kLengths)], 'r');
    answer.token_refused = (choice & 0x80) != 0;
    answer.token_taken = !answer.token_refused && answer.code.cls() == 2;
    if (choice & 0x40) answer.content_format = 60;
    if (choice & 0x20) answer.http_status = 429;
    if (choice & 0x10) {
      answer.poll.emplace();
      answer.poll->set_outcome(static_cast<v1::Poll::Outcome>(script_.Byte() % 5));
      answer.poll->set_retry_after_s(choice & 3);
      answer.poll->set_cursor("c" + std::to_string(++last_cursor_));
    }
    rig_.Answer(std::move(answer));
    Drain();
  }

  // As the uplink hands it on.
  void AnswerByWindow(const v1::Request& request, request::Answer answer, uint8_t choice) {
    const size_t size = choice & 0x40 ? 20'000 : 9'000;
    const size_t from = std::min<size_t>(request.answer_from(), size);
    const size_t end = std::min(from + kWindow, size);
    answer.code = coap::kContent;
    answer.body = Bytes(end - from, 'r');
    answer.window = std::make_unique<request::AnswerWindow>();
    answer.window->bytes = size;
    answer.window->from = from;
    answer.window->digest = choice & 0x20 ? "d" : "e";
    answer.window->ended = end == size;
    answer.window->request = request;
    if (end < size) windows_[answer.id] = {end, from + kWindow, size};
    rig_.Answer(std::move(answer));
    Drain();
  }

  // The next piece of one of them, or its end.
  void GoOn(uint8_t choice) {
    auto it = windows_.begin();
    std::advance(it, choice % windows_.size());
    const auto id = it->first;
    Window& window = it->second;
    using Then = request::AnswerPiece::Then;
    request::AnswerPiece piece{id, {}, Then::kBroken};
    const size_t room = std::min(window.until, window.size) - window.end;
    if (choice % 8 != 0 && room == 0) return;
    if (choice % 8 != 0) {
      piece.bytes = Bytes(room, 'r');
      window.end += room;
      piece.then = window.end == window.size ? Then::kEnd : Then::kMore;
    }
    if (piece.then != Then::kMore) windows_.erase(it);
    rig_.Answer(std::move(piece));
  }

  void Pass(Duration duration) {
    rig_.AdvanceTo(rig_.now() + duration);
    Drain();
  }

  void Drain() {
    while (const auto command = rig_.TakeCommand()) {
      if (const auto* start = std::get_if<request::StartExchange>(&*command)) {
        Check(start->id > last_exchange_);
        last_exchange_ = start->id;
        exchanges_.emplace_back(start->id, start->request);
        Check(start->request.method() != v1::METHOD_UNSPECIFIED);
        Check(start->request.key_table() <= 1);
        CheckCursor(start->request.observe().cursor());
      } else if (const auto* credit = std::get_if<request::GiveCredit>(&*command)) {
        const auto window = windows_.find(credit->id);
        Check(window != windows_.end());
        Check(credit->until > window->second.until);
        window->second.until = credit->until;
      } else {
        const request::ExchangeId id = std::get<request::CancelExchange>(*command).id;
        std::erase_if(exchanges_, [&](const auto& one) { return one.first == id; });
        windows_.erase(id);
      }
    }
    while (const auto sent = rig_.TakeSent()) CheckSent(sent->datagram);
    const request::Usage usage = rig_.requests().usage();
    Check(usage.exchanges <= kSessions * SmallConfig().request.exchanges_per_session_max);
    Check(usage.observations <= kSessions * SmallConfig().request.observations_per_session_max);
    const request::Config& limits = SmallConfig().request;
    Check(usage.request_bytes <= limits.request_bytes_max + limits.small_request_bytes_max);
    Check(usage.download_bytes <= limits.download_bytes_max + limits.small_download_bytes_max);
  }

  // No cursor that no answer gave.
  void CheckCursor(const std::string& cursor) {
    Check(cursor.empty() || std::stoull(cursor.substr(1)) <= last_cursor_);
  }

  void CheckSent(ByteView datagram) {
    Check(datagram.size() <= coap::kMessageBytesDefault);
    const auto message = coap::Parse(datagram);
    Check(message.has_value());
    Check(message->options().size() <= coap::kOptionsSentMax);
    if (message->code.is_empty()) return;
    Check(message->code.is_response());
    // Nothing is told in the middle of an upload, nor with the news that a path is observed.
    const bool registered = message->code == coap::kContent &&
                            message->Has(OptionNumber::kObserve) && message->payload.empty();
    // 2.03 tells of what the client has.
    if (message->code != coap::kValid) {
      Check(registered || message->payload.empty() == (message->code == coap::kContinue));
      Check(message->payload.empty() != message->Has(OptionNumber::kContentFormat));
    }
    if (message->type != coap::Type::kAcknowledgement) {
      Check(message->message_id != 0);
      own_ids_.push_back(message->message_id);
    }
  }

  fuzz::ByteScript script_;
  testing::Rig rig_;
  struct Window {
    size_t end = 0;
    size_t until = 0;
    size_t size = 0;
  };
  std::vector<std::pair<request::ExchangeId, v1::Request>> exchanges_;
  std::map<request::ExchangeId, Window> windows_;  ///< Of which more is to come.
  std::vector<uint16_t> own_ids_;
  request::ExchangeId last_exchange_ = 0;
  uint64_t last_cursor_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Longer ones only repeat themselves.
  Subject(fuzz::ByteScript(data, std::min<size_t>(size, 2048))).Run();
  return 0;
}
