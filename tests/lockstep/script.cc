#include "tests/lockstep/script.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "libs/coap/transmission.h"
#include "tests/support/real_translator.h"

namespace lowband::edge::testing {
namespace {

const std::map<std::string_view, v1::Method> kMethods = {{"GET", v1::GET},
                                                         {"POST", v1::POST},
                                                         {"PUT", v1::PUT},
                                                         {"DELETE", v1::DELETE},
                                                         {"FETCH", v1::FETCH}};

std::string TextOf(const v1::Request& request) {
  std::string out;
  for (const auto& [name, method] : kMethods) {
    if (method == request.method()) out = name;
  }
  std::string path;
  for (const std::string& segment : request.path()) path += (path.empty() ? "" : "/") + segment;
  if (!path.empty()) out += " path=" + path;
  for (const std::string& query : request.queries()) out += " query=" + query;
  if (request.has_content_format()) {
    out += " format=" + std::to_string(request.content_format());
  }
  if (request.has_accept()) out += " accept=" + std::to_string(request.accept());
  if (!request.token().empty()) out += " auth=" + request.token();
  if (request.has_observe()) {
    const std::string& cursor = request.observe().cursor();
    out += cursor.empty() ? " observe" : " cursor=" + cursor;
  }
  for (const std::string& tag : request.if_match()) out += " match=" + ToHex(AsBytes(tag));
  for (const std::string& tag : request.entity_tags()) out += " etag=" + ToHex(AsBytes(tag));
  if (!request.user_agent().empty()) out += " agent=" + request.user_agent();
  if (request.rfc8075_codes()) out += " codes=rfc8075";
  if (request.answer_from() > 0) out += " from=" + std::to_string(request.answer_from());
  if (request.key_table() != 1) out += " keys=" + std::to_string(request.key_table());
  return out;
}

coap::Code CodeOf(const std::string& text) {
  return coap::Code::Of(static_cast<unsigned>(text.at(0) - '0'),
                        static_cast<unsigned>(std::stoul(text.substr(2))));
}

v1::Poll::Outcome OutcomeOf(std::string_view word) {
  static const std::map<std::string_view, v1::Poll::Outcome> kOutcomes = {
      {"changed", v1::Poll::CHANGED},
      {"unchanged", v1::Poll::UNCHANGED},
      {"failed", v1::Poll::FAILED},
      {"ended", v1::Poll::ENDED}};
  return kOutcomes.at(ValueOf(word));
}

uint32_t UintOf(std::string_view word) {
  return static_cast<uint32_t>(std::stoul(std::string(ValueOf(word))));
}

Duration TimeOf(std::string_view word) {
  if (!word.ends_with('s')) throw std::invalid_argument("a time is written as 2s or 0.5s");
  const std::chrono::duration<double> seconds(std::stod(std::string(word)));
  return std::chrono::round<std::chrono::milliseconds>(seconds);
}

}  // namespace

RigConfig LockstepConfig() {
  RigConfig config;
  config.message.ack_random_factor = 1;
  config.request.poll_jitter = 0;
  return config;
}

Script::Script(const RigConfig& config) : rig_(config), start_(rig_.now()) { rig_.Open(session()); }

void Script::Play(std::string_view text) {
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    for (std::string more; line.ends_with('\\') && std::getline(lines, more); ++number) {
      line.back() = ' ';
      line += more;
    }
    SCOPED_TRACE("line " + std::to_string(number) + ":" + line);
    const std::vector<std::string> words = Words(line);
    if (words.empty()) continue;
    try {
      PlayLine(words);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    if (::testing::Test::HasFailure()) return;  // the rest would only be confusing
  }
  SCOPED_TRACE("end of the script");
  ExpectQuiet();
}

void Script::PlayLine(const std::vector<std::string>& words) {
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  const bool repeats = rest.size() == 3 && rest[0] == "again" && rest[2] == "times";
  if (words[0] == "<--" && !repeats) {
    EdgeSent(rest);
    return;
  }
  if (words[0] == "==>") {
    EdgeStarted(rest);
    return;
  }
  ExpectQuiet();
  if (words[0] == "-->") {
    ClientSends(rest);
  } else if (words[0] == "<==") {
    HomeserverAnswers(rest);
  } else if (words[0] == "at") {
    PassTime(start_ + TimeOf(rest.at(0)));
  } else if (words[0] == "<--") {
    EdgeRepeats(static_cast<unsigned>(std::stoul(rest[1])));
  } else if (words[0] == "gives" && rest == std::vector<std::string>{"up"}) {
    const Duration wait = EdgeRepeats(coap::kMaxRetransmit);
    PassTime(rig_.now() + wait);
  } else if (words[0] == "close") {
    rig_.Close(session());
  } else {
    throw std::invalid_argument("unknown line");
  }
}

void Script::ClientSends(std::vector<std::string> words) {
  std::optional<uint64_t> record;
  if (words.at(0).starts_with("record=")) {
    record = UintOf(words[0]);
    words.erase(words.begin());
  }
  if (words.at(0) == "raw") {
    last_received_ = FromHex(words.at(1));
  } else if (words.at(0) != "again") {
    last_received_ = Encode(ParseText(words), names_);
  }
  rig_.Receive(session(), last_received_, record);
}

void Script::EdgeSent(const std::vector<std::string>& words) {
  auto sent = rig_.TakeSent();
  if (!sent) {
    ADD_FAILURE() << "the edge sent nothing";
    return;
  }
  if (words.at(0) == "again") {
    EXPECT_EQ(Describe(sent->datagram), Describe(last_sent_));
    EXPECT_EQ(sent->datagram, last_sent_);
  } else {
    const std::string difference = Difference(ParseText(words), sent->datagram, names_);
    EXPECT_EQ(difference, "") << "the edge sent: " << Describe(sent->datagram);
  }
  last_sent_ = std::move(sent->datagram);
}

Duration Script::EdgeRepeats(unsigned times) {
  Duration wait = coap::kAckTimeout;
  for (unsigned i = 0; i < times && !::testing::Test::HasFailure(); ++i) {
    PassTime(rig_.now() + wait);
    EdgeSent({"again"});
    ExpectQuiet();
    wait *= 2;
  }
  return wait;
}

std::string Script::TakeName(std::vector<std::string>& words) {
  if (words.empty() || words[0].front() != '$') return "";
  std::string name = words[0];
  words.erase(words.begin());
  return name;
}

void Script::EdgeStarted(std::vector<std::string> words) {
  const std::string name = TakeName(words);
  auto command = rig_.TakeCommand();
  if (!command) {
    ADD_FAILURE() << "the edge started nothing";
    return;
  }
  if (words.at(0) == "cancel") {
    const auto* cancel = std::get_if<request::CancelExchange>(&*command);
    ASSERT_NE(cancel, nullptr);
    EXPECT_EQ(cancel->id, exchanges_.at(name));
    return;
  }
  if (words.at(0) == "credit") {
    const auto* credit = std::get_if<request::GiveCredit>(&*command);
    ASSERT_NE(credit, nullptr);
    EXPECT_EQ(credit->id, exchanges_.at(name));
    EXPECT_EQ(credit->until, UintOf(words.at(1)));
    return;
  }
  const auto* start = std::get_if<request::StartExchange>(&*command);
  ASSERT_NE(start, nullptr);
  exchanges_[name] = start->id;
  requests_[name] = start->request;
  Bytes body;
  std::string expected;
  for (const std::string& word : words) {
    if (word.starts_with("body=")) {
      body = BodyOf(ValueOf(word));
    } else {
      expected += (expected.empty() ? "" : " ") + word;
    }
  }
  EXPECT_EQ(TextOf(start->request), expected);
  EXPECT_EQ(start->request.body(), std::string(body.begin(), body.end()));
  EXPECT_EQ(start->request.client_address(), "192.0.2.1");
}

void Script::HomeserverAnswers(std::vector<std::string> words) {
  request::Answer answer;
  const std::string name = TakeName(words);
  answer.id = exchanges_.at(name);
  if (words.at(0) == "observable") {
    observable_.insert(answer.id);
    rig_.MakeObservable(answer.id);
    return;
  }
  if (words.at(0) == "piece") {
    TranslatorGoesOn(answer.id, words);
    return;
  }
  v1::Poll poll;
  request::AnswerWindow window;
  answer.code = CodeOf(words.at(0));
  answer.token_taken = answer.code.cls() == 2 && !requests_.at(name).token().empty();
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "refused") {
      answer.token_refused = true;
    } else if (word == "missing") {
      answer.token_missing = true;
    } else if (word == "open") {
      answer.token_taken = false;
    } else if (word.starts_with("body=")) {
      answer.body = BodyOf(ValueOf(word));
    } else if (word.starts_with("format=")) {
      answer.content_format = UintOf(word);
    } else if (word.starts_with("max-age=")) {
      answer.max_age = UintOf(word);
    } else if (word.starts_with("etag=")) {
      answer.entity_tag = FromHex(ValueOf(word));
    } else if (word.starts_with("location=")) {
      answer.location_path.emplace_back(ValueOf(word));
    } else if (word.starts_with("status=")) {
      answer.http_status = UintOf(word);
    } else if (word.starts_with("poll=")) {
      poll.set_outcome(OutcomeOf(word));
    } else if (word.starts_with("cursor=")) {
      poll.set_cursor(std::string(ValueOf(word)));
    } else if (word.starts_with("of=")) {
      window.bytes = UintOf(word);
    } else if (word.starts_with("from=")) {
      window.from = UintOf(word);
    } else if (word.starts_with("digest=")) {
      window.digest = ValueOf(word);
    } else if (word == "end") {
      window.ended = true;
    } else if (word.starts_with("retry=")) {
      poll.set_retry_after_s(UintOf(word));
    } else {
      throw std::invalid_argument("cannot read '" + word + "'");
    }
  }
  if (poll.outcome() != v1::Poll::OUTCOME_UNSPECIFIED) answer.poll = poll;
  if (window.bytes > 0) {
    window.request = requests_.at(name);
    answer.window = std::make_unique<request::AnswerWindow>(std::move(window));
  }
  ExpectTranslatorWouldSay(name, answer);
  rig_.Answer(std::move(answer));
}

void Script::TranslatorGoesOn(request::ExchangeId id, const std::vector<std::string>& words) {
  request::AnswerPiece piece{id, {}, request::AnswerPiece::Then::kMore};
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with("body=")) {
      piece.bytes = BodyOf(ValueOf(words[i]));
    } else if (words[i] == "end") {
      piece.then = request::AnswerPiece::Then::kEnd;
    } else if (words[i] == "broken") {
      piece.then = request::AnswerPiece::Then::kBroken;
    } else {
      throw std::invalid_argument("cannot read '" + words[i] + "'");
    }
  }
  rig_.Answer(std::move(piece));
}

void Script::ExpectTranslatorWouldSay(const std::string& name,
                                      const request::Answer& answer) const {
  v1::Answer words;
  words.set_code(answer.code.value);
  words.set_token_refused(answer.token_refused);
  words.set_token_missing(answer.token_missing);
  words.set_token_taken(answer.token_taken);
  if (answer.poll) *words.mutable_poll() = *answer.poll;
  if (answer.window != nullptr) {
    words.mutable_windowed()->set_bytes(answer.window->bytes);
    words.mutable_windowed()->set_from(answer.window->from);
    words.set_body(std::string(AsText(answer.body)));
    words.set_more(!answer.window->ended);
    EXPECT_EQ(lowband::testing::WindowedUnlikeReal(requests_.at(name), words), "");
    words.clear_body();
  }
  EXPECT_EQ(lowband::testing::SaysMoreThanReal(requests_.at(name), words,
                                               observable_.contains(answer.id)),
            "");
}

void Script::ExpectQuiet() {
  while (const auto sent = rig_.TakeSent()) {
    ADD_FAILURE() << "not expected: <-- " << Describe(sent->datagram);
  }
  while (const auto command = rig_.TakeCommand()) {
    const auto* start = std::get_if<request::StartExchange>(&*command);
    const bool credit = std::holds_alternative<request::GiveCredit>(*command);
    ADD_FAILURE() << "not expected: ==> "
                  << (start != nullptr ? TextOf(start->request)
                      : credit         ? "credit"
                                       : "cancel");
  }
}

void Script::PassTime(TimePoint time) {
  if (time < rig_.now()) throw std::invalid_argument("time went back");
  while (rig_.now() < time) {
    rig_.AdvanceTowards(time);
    if (rig_.now() < time) ExpectQuiet();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace lowband::edge::testing
