#include "tests/sim/attackers.h"

#include <algorithm>
#include <utility>

#include "libs/client/options.h"
#include "libs/transcode/transcode.h"
#include "services/edge/dtls/limits.h"

namespace lowband::testing {
namespace {

using client::TextOption;
using coap::OptionNumber;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHost = "203.0.113.66";  // no phone has it
constexpr size_t kHeardMax = 64;
constexpr uint16_t kFirstPort = 20'000;
constexpr uint16_t kPorts = 40'000;
// Of a handshake: a ClientHello, and one with its cookie.
constexpr size_t kHelloDatagrams = 2;
// Of those that begin many things and go on with none.
constexpr size_t kBeginnings = 8;

// A document of so many bytes, and some.
Bytes Padding(size_t bytes) {
  Bytes cbor;
  (void)transcode::JsonToCbor(R"({"padding":")" + std::string(bytes, 'x') + R"("})", cbor);
  return cbor;
}

client::Request Ask(coap::Code method, const std::string& name, size_t number) {
  client::Request request;
  request.method = method;
  for (const std::string& segment : {std::string("_matrix"), std::string("client"),
                                     std::string("r0"), name, std::to_string(number)}) {
    request.options.push_back(TextOption(OptionNumber::kUriPath, segment));
  }
  return request;
}

client::Request WithToken(client::Request request) {
  request.options.push_back(TextOption(OptionNumber::kMatrixAccessToken, kAttackersToken));
  return request;
}

client::Request Tell(coap::Code method, const std::string& name, size_t number, size_t bytes) {
  client::Request request = Ask(method, name, number);
  request.options.push_back(client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor));
  request.body = Padding(bytes);
  return request;
}

// Answered after `timeout`, or at once if there is news since the beginning.
client::Request Sync(milliseconds timeout, bool has_all) {
  client::Request request;
  request.options.push_back(TextOption(OptionNumber::kUriPath, "7"));
  request.options.push_back(
      TextOption(OptionNumber::kUriQuery, "timeout=" + std::to_string(timeout.count())));
  if (has_all) request.options.push_back(TextOption(OptionNumber::kUriQuery, "since=s999999999"));
  return WithToken(std::move(request));
}

}  // namespace

Attackers::Attackers(sim::Timeline& timeline, uint64_t seed, const Attack& attack, Hooks hooks)
    : timeline_(timeline),
      random_(MakeSeededRandom(seed)),
      attack_(attack),
      hooks_(std::move(hooks)),
      members_(attack.sessions) {}

void Attackers::Start() {
  attacking_ = true;
  for (size_t i = 0; i < members_.size(); ++i) BeginLater(i, Between(milliseconds(0), seconds(5)));
}

void Attackers::Stop() {
  hooks_.trace("the attackers leave");
  attacking_ = false;
  by_address_.clear();
  for (size_t i = 0; i < members_.size(); ++i) {
    ++members_[i].generation;
    members_[i].session.reset();
    deadlines_.Cancel(i);
  }
}

Duration Attackers::Between(Duration low, Duration high) {
  return low + Duration(random_->Below(static_cast<uint64_t>((high - low).count()) + 1));
}

SocketAddress Attackers::NewAddress() {
  next_port_ = static_cast<uint16_t>((next_port_ + 1) % kPorts);
  return *SocketAddress::FromLiteral(kHost, static_cast<uint16_t>(kFirstPort + next_port_));
}

void Attackers::Later(size_t index, Duration wait, std::function<void()> run) {
  timeline_.After(wait,
                  [this, index, generation = members_[index].generation, run = std::move(run)] {
                    if (!attacking_ || members_[index].generation != generation) return;
                    run();
                    Settle(index);
                  });
}

void Attackers::BeginLater(size_t index, Duration wait) {
  Later(index, wait, [this, index] { Begin(index); });
}

// What it had at the edge stays there.
void Attackers::Begin(size_t index) {
  Member& member = members_[index];
  ++member.generation;
  by_address_.erase(member.address);
  member.address = NewAddress();
  by_address_[member.address] = index;
  member.session.reset();
  member.kind = attack_.kinds[random_->Below(attack_.kinds.size())];
  if (member.kind == AttackKind::kNoise) {
    MakeNoise(index);
    BeginLater(index, Between(seconds(20), seconds(60)));
    return;
  }
  Connect(index);
  const bool hello_only = member.kind == AttackKind::kHandshakes;
  BeginLater(index,
             hello_only ? Between(seconds(1), seconds(5)) : Between(seconds(40), seconds(120)));
}

void Attackers::Connect(size_t index) {
  Member& member = members_[index];
  client::Config config;
  const bool hello_only = member.kind == AttackKind::kHandshakes;
  if (!hello_only) config.resume = member.ticket;
  member.may_send.reset();
  if (hello_only) member.may_send = kHelloDatagrams;
  member.session = std::make_unique<client::Session>(config, *random_);
  member.session->Connect(timeline_.now());
}

void Attackers::Receive(const SocketAddress& at, ByteView datagram) {
  const auto found = by_address_.find(at);
  if (found == by_address_.end()) return;
  Member& member = members_[found->second];
  if (member.session) member.session->Receive(timeline_.now(), datagram);
  Settle(found->second);
}

void Attackers::Overhear(const SocketAddress& from, ByteView datagram) {
  if (!attacking_) return;
  const Heard heard{from, Bytes(datagram.begin(), datagram.end())};
  const bool noisy = std::ranges::find(attack_.kinds, AttackKind::kNoise) != attack_.kinds.end();
  // A copy that may be there first.
  if (noisy && random_->Unit() < 0.02) hooks_.send(NewAddress(), heard.datagram);
  if (heard_.size() < kHeardMax) {
    heard_.push_back(heard);
  } else {
    heard_[next_heard_++ % kHeardMax] = heard;
  }
}

void Attackers::Advance() {
  while (const auto index = deadlines_.PopDue(timeline_.now())) {
    if (members_[*index].session) members_[*index].session->Advance(timeline_.now());
    Settle(*index);
  }
}

void Attackers::Settle(size_t index) {
  Member& member = members_[index];
  if (!member.session) return;
  bool moved = true;
  while (moved && member.session) {
    moved = false;
    while (const auto datagram = member.session->PollTransmit()) {
      moved = true;
      if (member.may_send) {
        if (*member.may_send == 0) continue;
        --*member.may_send;
      }
      hooks_.send(member.address, *datagram);
    }
    if (const auto event = member.session->PollEvent()) {
      moved = true;
      OnEvent(index, *event);
    }
  }
  const auto next = member.session ? member.session->NextDeadline() : std::nullopt;
  if (next) {
    deadlines_.Set(index, *next);
  } else {
    deadlines_.Cancel(index);
  }
}

void Attackers::OnEvent(size_t index, const client::Event& event) {
  Member& member = members_[index];
  if (std::holds_alternative<client::Connected>(event)) {
    member.ticket = member.session->SaveTicket();
    Act(index);
  } else if (std::holds_alternative<client::Pong>(event)) {
    Later(index, Between(seconds(5), seconds(25)), [this, index] { Ping(index); });
  } else if (std::holds_alternative<client::Disconnected>(event)) {
    BeginLater(index, Between(milliseconds(500), seconds(10)));
  } else if (const auto* response = std::get_if<client::Response>(&event)) {
    if (member.kind != AttackKind::kPolls) return;
    // They need no haste to fill what is there.
    const Duration wait = response->code.cls() == 2 ? milliseconds(0) : seconds(2);
    Later(index, wait, [this, index] {
      members_[index].session->Send(timeline_.now(), Sync(seconds(30), true));
    });
  }
}

void Attackers::Ping(size_t index) { members_[index].session->Ping(timeline_.now()); }

void Attackers::Act(size_t index) {
  Member& member = members_[index];
  client::Session& session = *member.session;
  const TimePoint now = timeline_.now();
  switch (member.kind) {
    case AttackKind::kPings: Ping(index); return;
    case AttackKind::kUploads:
      for (size_t i = 0; i < 4; ++i) session.Send(now, Tell(coap::kPost, "send", i, 12'000));
      member.may_send = 4 * kBeginnings;
      return;
    case AttackKind::kDownloads:
      for (size_t i = 0; i < kBeginnings; ++i) session.Send(now, Ask(coap::kGet, "large", i));
      member.may_send = kBeginnings;
      return;
    case AttackKind::kRequests:
      for (size_t i = 0; i < 2 * kBeginnings; ++i) {
        session.Send(now, Tell(i % 2 == 0 ? coap::kPost : coap::kPut, "slow", i, 900));
      }
      return;
    case AttackKind::kPolls:
      for (size_t i = 0; i < kBeginnings; ++i) session.Send(now, Sync(seconds(30), true));
      return;
    case AttackKind::kObservations:
      session.Send(now, WithToken(Ask(coap::kGet, "capabilities", 0)));  // then it is known
      Later(index, seconds(1), [this, index] { Observe(members_[index], false); });
      return;
    case AttackKind::kSilence:
      Observe(member, true);
      for (size_t i = 0; i < kBeginnings; ++i) session.Send(now, Sync(seconds(3), true));
      member.may_send = kBeginnings + 4;
      return;
    case AttackKind::kHandshakes:
    case AttackKind::kNoise: return;
  }
}

// What it does not have is news, and goes out at once.
void Attackers::Observe(Member& member, bool silent) {
  for (size_t i = 0; i < 4; ++i) {
    member.session->Observe(timeline_.now(), Sync(seconds(30), !silent));
  }
}

void Attackers::MakeNoise(size_t index) {
  const bool replay = !heard_.empty() && random_->Unit() < 0.5;
  if (replay) {
    Heard heard = heard_[random_->Below(heard_.size())];
    if (random_->Unit() < 0.3) {
      heard.datagram[random_->Below(heard.datagram.size())] ^= uint8_t{1} << random_->Below(8);
    }
    hooks_.send(random_->Unit() < 0.5 ? heard.from : NewAddress(), heard.datagram);
  } else {
    hooks_.send(NewAddress(), Noise());
  }
  Later(index, Between(milliseconds(200), seconds(2)), [this, index] { MakeNoise(index); });
}

// Nothing at all, a record of a session without and with a connection id.
Bytes Attackers::Noise() {
  Bytes noise(1 + random_->Below(200));
  random_->Fill(noise);
  const uint64_t sort = random_->Below(3);
  if (sort == 0) return noise;
  Bytes record = {static_cast<uint8_t>(sort == 1 ? 23 : 25), 0xfe, 0xfd, 0, 1};
  const size_t identity = sort == 1 ? 6 : 6 + edge::dtls::kConnectionIdBytes;
  for (size_t i = 0; i < identity; ++i) {
    record.push_back(static_cast<uint8_t>(random_->Below(i < 6 ? 4 : 256)));
  }
  record.push_back(0);
  record.push_back(static_cast<uint8_t>(noise.size()));
  record.insert(record.end(), noise.begin(), noise.end());
  return record;
}

}  // namespace lowband::testing
