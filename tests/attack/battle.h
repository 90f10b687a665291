// An edge, an attacker, and the clients beside him.
//
//   honest clients: one network each, a token each   ─┐
//                                                     ├─▶ edge (some workers) ─▶ translator
//   attacker: one network, as many sessions as he can ─┘
//
// Threading: one thread. Ownership: has the world.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/attack/figures.h"
#include "tests/support/edge_world.h"

namespace lowband::edge {

class Battle {
 public:
  static constexpr size_t kHonest = 20;

  Battle(uint64_t seed, unsigned workers, const admission::Limits& limits,
         const PipelineConfig& config = {});

  EdgeWorld& world() { return world_; }

  /// What the attacker does while honest clients wait, and how often.
  std::function<void()> meanwhile;
  Duration step = std::chrono::milliseconds(100);
  /// Lets time pass, with the attacker at it.
  void Run(Duration time, const std::function<bool()>& until = {});

  /// The honest clients connect, and each is answered once.
  void Begin();
  /// Each honest client asks so many times, a second apart.
  Figures Ask(const std::function<client::Request(size_t client)>& request, size_t times = 3);
  /// As many new clients, at networks of their own, connect and ask once.
  Figures Dial();

  /// Each honest client asks in a session that the edge does not know any more. It dials again once
  /// it is told so, as deployed clients do, or has given up its request, and asks once more.
  Figures Return();

  /// A client of the attacker, connecting; he has no token.
  size_t AddAttacker();
  /// Until no handshake is under way, or for a minute.
  void Connect();
  /// So many clients of the attacker, connected.
  std::vector<size_t> Crowd(size_t size);

  /// Where the honest client is.
  const std::string& host(size_t honest) const { return hosts_[honest]; }
  size_t disconnected() const { return world_.disconnects.size(); }

 private:
  struct Request {
    size_t client = 0;
    client::RequestId id = 0;
    TimePoint since;
    std::optional<Duration> took = {};
  };
  using Asked = std::vector<Request>;
  /// Notes what has ended since.
  bool AllDone(Asked& asked);
  /// A new session, and the same request.
  void AskAnew(size_t honest, Request& asked);
  Figures Await(Asked& asked);
  Figures Count(const Asked& asked);

  EdgeWorld world_;
  std::vector<std::string> hosts_;
  std::vector<size_t> honest_;
  unsigned next_network_ = 1;
};

/// A request with the honest client's token.
client::Request WithToken(client::Request request, size_t client);

}  // namespace lowband::edge
