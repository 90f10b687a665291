// The stages of one worker, wired: datagrams in, lane actions out, and back. Sans-IO, so that the
// whole edge runs in virtual time.
//
//   datagram ─▶ dtls ─▶ message ─▶ request ─▶ uplink (lane set) ─▶ lane actions
//   datagram ◀─ dtls ◀─ message ◀─ request ◀─ answers            ◀─ lane batches
//
// Every call is one mutation followed by a full drain between the stages; then the owner drains the
// pipeline's output (datagrams, lane actions).
//
// Threading: one worker thread. Ownership: owns the stages; credentials, random and admission
// outlive it.
#pragma once

#include <optional>
#include <unordered_map>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/admission/admission.h"
#include "services/edge/drain.h"
#include "services/edge/dtls/server.h"
#include "services/edge/message/layer.h"
#include "services/edge/request/layer.h"
#include "services/edge/uplink/lane_set.h"

namespace lowband::edge {

struct PipelineConfig {
  dtls::Config dtls;
  message::Config message;
  request::Config request;
  uplink::Config uplink;
};

class Pipeline {
 public:
  Pipeline(const PipelineConfig& config, dtls::Credentials& credentials, Random& random,
           unsigned worker, unsigned workers, admission::Admission& admission);

  void ReceiveDatagram(TimePoint now, const SocketAddress& from, ByteView datagram);
  void Handle(TimePoint now, const uplink::LaneEvent& event);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// Accepts no new handshakes, serves the sessions as before, and ends them one after another:
  /// first sessions with nothing under way, then those that only wait for news. Within `limit`,
  /// except for sessions that are busy all the time.
  void StartDrain(TimePoint now, Duration limit);
  /// Another worker's PollRelief() named this one.
  void Relieve(TimePoint now, const dtls::Relief& relief);
  /// Ends every session with close_notify and every lane.
  void CloseAll(TimePoint now);

  std::optional<dtls::Transmit> PollTransmit();
  std::optional<dtls::Relief> PollRelief();
  std::optional<uplink::Action> PollLaneAction();
  std::optional<uplink::ExchangeRecord> PollRecord();

  const dtls::Server& dtls() const { return dtls_; }
  const message::Layer& messages() const { return messages_; }
  const request::Layer& requests() const { return requests_; }
  const uplink::LaneSet& lanes() const { return lanes_; }
  /// No answer is pending, and no acknowledgement of a client; during a drain, there is no session
  /// either.
  bool idle() const;

 private:
  void MovePeer(TimePoint now, const dtls::PeerMoved& moved);
  bool IsPathProof(TimePoint now, const message::Event& event);
  bool EndUnlessBusy(TimePoint now, SessionId session);
  void Pump(TimePoint now);
  bool DrainDtls(TimePoint now);
  bool DrainMessages(TimePoint now);
  bool DrainRequests(TimePoint now);

  Random& random_;
  dtls::Server dtls_;
  message::Layer messages_;
  request::Layer requests_;
  uplink::LaneSet lanes_;
  /// The CoAP pings sent to new addresses, of sessions whose client has not answered yet.
  std::unordered_map<SessionId, message::SendId> pings_;
  std::optional<Drain> drain_;
  TimePoint patient_until_;  ///< Until then, the drain spares recently active sessions.
};

}  // namespace lowband::edge
