#include "tests/lockstep/crowd.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lowband::edge::testing {

SessionId Crowd::Join(const char* address) {
  const SessionId session{++last_session_};
  rig_.Open(session, address);
  return session;
}

void Crowd::Send(SessionId session, std::string_view text) {
  const uint16_t id = ++message_ids_[session];
  std::vector<std::string> words = Words(text);
  words.insert(words.begin(), "CON");
  words.insert(words.begin() + 2, std::to_string(id));
  words.insert(words.begin() + 3, "token=" + ToHex(Bytes{uint8_t(id >> 8), uint8_t(id)}));
  rig_.Receive(session, Encode(ParseText(words), {}));
  Collect();
}

void Crowd::Collect() {
  while (const auto command = rig_.TakeCommand()) {
    if (const auto* start = std::get_if<request::StartExchange>(&*command)) {
      under_way_[start->id] = start->request.path(0);
    } else if (const auto* cancel = std::get_if<request::CancelExchange>(&*command)) {
      under_way_.erase(cancel->id);
    }
  }
  while (const auto sent = rig_.TakeSent()) {
    const auto message = coap::Parse(sent->datagram);
    if (!message) throw std::logic_error("the edge sent what is no CoAP");
    if (message->code.is_response()) codes_[sent->session].push_back(message->code.Text());
    if (message->type != coap::Type::kConfirmable) continue;
    const auto ack = coap::EmptyMessage(coap::Type::kAcknowledgement, message->message_id);
    rig_.Receive(sent->session, ack);
  }
}

void Crowd::Answer(std::string_view path, std::string_view code, size_t body_bytes) {
  const auto found = std::ranges::find(
      under_way_, path, [](const auto& each) { return std::string_view(each.second); });
  if (found == under_way_.end()) throw std::logic_error("no such request is under way");
  request::Answer answer;
  answer.id = found->first;
  answer.code = coap::Code::Of(static_cast<unsigned>(code[0] - '0'),
                               static_cast<unsigned>(std::stoul(std::string(code.substr(2)))));
  answer.token_taken = answer.code.cls() == 2 && path != "versions";
  answer.content_format = 60;
  answer.body = Bytes(body_bytes, 'x');
  under_way_.erase(found);
  rig_.Answer(std::move(answer));
  Collect();
}

std::string Crowd::Codes(SessionId session) {
  std::string all;
  for (const std::string& code : std::exchange(codes_[session], {})) {
    all += (all.empty() ? "" : " ") + code;
  }
  return all;
}

std::string Crowd::Ask(SessionId session, std::string_view text, size_t body_bytes) {
  Codes(session);
  Send(session, text);
  const std::string path(ValueOf(Words(text).at(1)));
  if (UnderWay(path) > 0) Answer(path, "2.05", body_bytes);
  return Codes(session);
}

void Crowd::Prove(SessionId session, std::string_view token) {
  Ask(session, "GET path=whoami auth=\"" + std::string(token) + "\"");
}

void Crowd::Observe(SessionId session, std::string_view path) {
  Send(session, "GET observe=0 path=" + std::string(path));
  const auto newest = std::find_if(under_way_.rbegin(), under_way_.rend(),
                                   [&](const auto& each) { return each.second == path; });
  if (newest == under_way_.rend()) throw std::logic_error("no such request is under way");
  rig_.MakeObservable(newest->first);
  Collect();
}

size_t Crowd::UnderWay(std::string_view path) {
  return static_cast<size_t>(std::ranges::count(
      under_way_, path, [](const auto& each) { return std::string_view(each.second); }));
}

void Crowd::Pass(Duration duration) {
  const TimePoint end = rig_.now() + duration;
  while (rig_.now() < end) {
    rig_.AdvanceTowards(end);
    Collect();
  }
}

}  // namespace lowband::edge::testing
