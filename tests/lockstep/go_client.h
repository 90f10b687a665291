// A client with the deployed clients' habits, as a model for random schedules: one CON a request,
// message IDs counted up, short tokens, blocks of 1,024 bytes, Block1 left over in the follow-ups
// of a download, follow-ups of a CON block inside its ACK, one table for duplicates of both
// directions, no use for a RST.
//
// Whatever they could not survive is reported to GoogleTest as a failure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/coap/block.h"
#include "libs/coap/message.h"

namespace lowband::edge::testing {

struct GoRequest {
  coap::Code method = coap::kGet;
  std::string path;  ///< One segment; no two requests have the same.
  Bytes body;
};

class GoClient {
 public:
  enum class Timers : uint8_t {
    kRfc,     ///< RFC 7252 §4.8.
    kMobile,  ///< Those of the deployed phones: 9 s between copies, no back-off.
  };
  explicit GoClient(Random& random, Timers timers = Timers::kRfc)
      : random_(random), timers_(timers), next_id_(Id()) {}

  void Start(TimePoint now, GoRequest request);
  void Receive(TimePoint now, ByteView datagram);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;
  std::optional<Bytes> TakeSent();

  struct Result {
    coap::Code code;
    Bytes body;
  };
  /// By path. A request that got no answer at all to five copies has none.
  const std::map<std::string, Result>& results() const { return results_; }
  size_t timed_out() const { return timed_out_; }
  /// Not answered, nor given up.
  size_t waiting() const { return pending_.size(); }

 private:
  struct Pending {
    GoRequest request;
    coap::Token token;
    uint16_t message_id = 0;
    Bytes datagram;  ///< Sent again until acknowledged.
    bool acknowledged = false;
    Duration timeout{};
    TimePoint send_again;
    unsigned copies = 0;
    size_t uploaded = 0;  ///< Bytes that were confirmed.
    bool uploading = false;
    Bytes download;
    Bytes entity_tag;
    uint8_t szx = 6;  ///< Of the block that came last.
  };
  using Entry = std::map<uint32_t, Pending>::iterator;

  uint16_t Id() { return static_cast<uint16_t>(random_.Below(65536)); }
  void SendConfirmable(TimePoint now, Pending& pending, std::optional<coap::Block> block2);
  Bytes Write(const Pending& pending, coap::Type type, uint16_t message_id,
              std::optional<coap::Block> block2) const;
  void ReceiveAck(TimePoint now, const coap::MessageView& message);
  void ReceiveOwn(TimePoint now, const coap::MessageView& message);
  std::optional<Entry> FindToken(const coap::Token& token);
  /// The block to ask for next, if the response goes on; else the request is over.
  std::optional<coap::Block> TakeResponse(TimePoint now, Entry pending,
                                          const coap::MessageView& message);
  void CheckIdOfServer(TimePoint now, uint16_t message_id);

  Random& random_;
  const Timers timers_;
  uint16_t next_id_;
  uint32_t last_token_ = 0;
  std::map<uint32_t, Pending> pending_;
  std::map<uint16_t, TimePoint> used_ids_;
  std::map<uint16_t, Bytes> replies_;  // to CONs of the server
  std::deque<Bytes> sent_;
  std::map<std::string, Result> results_;
  size_t timed_out_ = 0;
};

}  // namespace lowband::edge::testing
