// A homeserver of the simulator: /sync and sliding sync with long polls, to-device messages that
// are deleted once a client's since passes them, messages sent by PUT with transaction IDs, POSTs
// that are counted.
//
// Threading: one thread. Ownership: timeline outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/result.h"
#include "libs/sim/timeline.h"
#include "services/translator/mapping/http.h"

namespace lowband::testing {

class Homeserver {
 public:
  using Answer = Result<translator::mapping::HttpResponse, translator::mapping::UpstreamFault>;
  using Done = std::function<void(const Answer&)>;

  explicit Homeserver(sim::Timeline& timeline) : timeline_(timeline) {}

  /// `done` is called once, unless it is cancelled before.
  uint64_t Request(const translator::mapping::HttpRequest& request, Done done);
  void Cancel(uint64_t request) { waiting_.erase(request); }

  /// An event for `user`, of `padding` bytes and more; to-device ones can be lost for good.
  void Emit(const std::string& user, bool to_device, size_t padding);
  /// How many events the user has been given so far.
  uint64_t Emitted(const std::string& user) const;
  /// How often each POST and PUT, by the name its client gave it, was carried out.
  const std::map<std::string, int>& executions() const { return executions_; }
  size_t waiting() const { return waiting_.size(); }

  /// Called with each position that a user's sync comes with, 0 for none: `since`; of sliding sync
  /// `pos`, and `since` of the to-device messages.
  std::function<void(const std::string& user, uint64_t since)> on_since;

 private:
  struct Event {
    uint64_t position;
    uint64_t number;  ///< Of this user's events, from 1.
    bool to_device;
    size_t padding;
  };
  struct User {
    std::vector<Event> events;
    uint64_t emitted = 0;
  };
  struct Waiting {
    std::string user;
    uint64_t since;
    uint64_t to_device;  ///< The position of the to-device messages.
    bool sliding;
    Done done;
    bool Lacks(const Event& event) const {
      return event.position > (event.to_device ? to_device : since);
    }
  };

  void StartSync(uint64_t id, const translator::mapping::HttpRequest& request, Waiting sync);
  Answer Sync(const Waiting& waiting);
  bool HasNews(const Waiting& waiting) const;
  void Wake(const std::string& user);
  void Finish(uint64_t request);

  sim::Timeline& timeline_;
  std::map<std::string, User> users_;
  std::map<uint64_t, Waiting> waiting_;
  std::map<std::string, int> executions_;
  std::set<std::string> transactions_;
  uint64_t position_ = 0;
  uint64_t last_request_ = 0;
};

/// What is in the document of that version.
std::string PaddingOf(uint64_t version);
/// The value of a query of `target`, or empty.
std::string QueryValue(std::string_view target, std::string_view name);

}  // namespace lowband::testing
