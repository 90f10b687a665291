// The cost of admission per request: its place, its token's place, and room for a small body, all
// taken and returned.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "services/edge/request/rooms.h"

namespace lowband::bench {
namespace {

using namespace edge;
using request::Held;
using request::HeldKind;

constexpr size_t kBodyBytes = 120;

admission::RequestLedgers& Ledgers() {
  static admission::RequestLedgers ledgers{admission::RequestLimits()};
  return ledgers;
}

/// One thread is one worker; requests come from `range(0)` networks in turn.
void Request(benchmark::State& state) {
  const auto worker = static_cast<unsigned>(state.thread_index());
  request::Rooms rooms(request::Config(), Ledgers(), worker);
  const auto networks = static_cast<uint64_t>(state.range(0));
  const std::string token = "syt_YWxpY2U_aBcDeFgHiJkLmNoPqRsT_" + std::to_string(worker);
  const TimePoint now;
  uint64_t network = worker * networks;
  for (auto each : state) {
    network = network % networks == networks - 1 ? worker * networks : network + 1;
    const admission::Holder holder{admission::Network{network}, admission::Standing::kProven,
                                   worker};
    const Held held{HeldKind::kExchange, SessionId{network}, 1};
    auto token_place = rooms.tokens.TakeShort(rooms.tokens.IdOf(token));
    auto body = rooms.small_uploads.Take(now, holder, held, kBodyBytes);
    auto place = rooms.exchanges.Take(now, holder, held, 1);
    benchmark::DoNotOptimize(place);
  }
}
BENCHMARK(Request)->ArgName("networks")->Arg(1)->Arg(64)->Arg(10'000)->Threads(1)->Threads(2);

}  // namespace
}  // namespace lowband::bench

BENCHMARK_MAIN();
