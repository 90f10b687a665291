// A client of the simulator: follows /sync by OBSERVE, sends requests, loses its session, its
// address or its memory, and judges what it gets: each event once and in order, each request
// carried out as often as it may be.
//
// What it has stored (since, how many events) survives a crash; its session does not.
//
// Threading: one thread. Ownership: what the constructor is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "libs/base/random.h"
#include "libs/client/session.h"
#include "libs/sim/timeline.h"

namespace lowband::testing {

class Phone {
 public:
  struct Hooks {
    std::function<void(const std::string&)> violation;
    /// It got an error notification, with this code, and takes its observation for ended.
    std::function<void(const std::string& user, const std::string& code)> told;
    std::function<void(const std::string&)> trace;
    bool tracing = false;           ///< Its messages are worth the words.
    std::function<void()> stirred;  ///< It did something of its own accord: settle it.
  };

  /// `sliding`: it observes sliding sync instead of /sync.
  Phone(sim::Timeline& timeline, Random& random, std::string user, bool sliding,
        client::Config config, Hooks hooks);

  void Start();
  void Receive(ByteView datagram);
  void Advance();
  /// Drains what the session has to say; call after each of the others.
  void Settle(const std::function<void(ByteView)>& transmit);
  std::optional<TimePoint> NextDeadline();

  /// The session and what was under way are gone, without a word.
  void Crash();
  /// Sends a message by PUT, creates something by POST, or fetches something large.
  void SendSomething();
  /// Stops sending requests that are not answered yet again.
  void StopRepeating() { repeat_ = false; }

  const std::string& user() const { return user_; }
  uint64_t events() const { return events_; }
  /// True if a batch with this position was received whole (0: before the first).
  bool Has(uint64_t position) const { return position == 0 || batches_.contains(position); }
  bool observing() const { return observing_; }
  size_t pending() const { return pending_.size(); }
  /// Requests that were answered with success.
  size_t answered() const { return answered_; }
  /// Requests by name: true if the answer said that it was done, false if not known to be.
  const std::map<std::string, bool>& outcomes() const { return outcomes_; }
  uint64_t handshakes() const { return handshakes_; }
  uint64_t registrations() const { return registrations_; }
  const client::Traffic& traffic() const { return traffic_; }

 private:
  struct Pending {
    std::string name;
    client::Request request;
    bool repeatable;
  };

  void Connect();
  void Reconnect(Duration wait);
  void Register();
  client::Request SyncRequest() const;
  void RegisterLater();
  void OnEvent(const client::Event& event);
  void OnResponse(const client::Response& response);
  void OnFailed(const client::RequestFailed& failed);
  void OnBody(const Bytes& body);
  void OnItem(uint64_t number);
  void Ping();
  void AddTraffic();
  /// Runs `run` then, unless the session has ended until then.
  void Later(Duration delay, std::function<void()> run);
  void Trace(const std::string& text) const;

  sim::Timeline& timeline_;
  Random& random_;
  const std::string user_;
  const bool sliding_;
  const client::Config config_;
  const Hooks hooks_;

  // Stored.
  std::string since_;
  uint64_t events_ = 0;
  std::set<uint64_t> batches_;
  Bytes ticket_;

  // Of the session.
  std::unique_ptr<client::Session> session_;
  uint64_t generation_ = 0;  ///< What was planned for an earlier session is dropped.
  bool connected_ = false;
  bool observing_ = false;
  std::optional<client::RequestId> observation_;
  std::map<client::RequestId, Pending> pending_;

  std::map<std::string, bool> outcomes_;
  size_t answered_ = 0;
  bool repeat_ = true;
  uint64_t next_name_ = 0;
  uint64_t handshakes_ = 0;
  uint64_t registrations_ = 0;
  client::Traffic traffic_;  ///< Of earlier sessions.
};

}  // namespace lowband::testing
