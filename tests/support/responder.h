// A small CoAP server on a thread, over UDP or DTLS: what the tools' tests talk to. Answers on the
// ACK; takes uploads and gives answers in blocks of 1,024 bytes. Serves one client at a time over
// DTLS (a new address begins a new session), any number over UDP.
//
// A GET with Observe is an observation if the handler's answer has that option. The script then
// goes on, one step after the other: each notification waits until the one before is acknowledged
// and fetched whole.
//
// Threading: the handler runs on the responder's thread; counters are safe from any thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/address.h"
#include "libs/client/session.h"
#include "libs/coap/message.h"
#include "tests/support/dtls_server.h"

namespace lowband::client {

/// A request as the handler sees it: whole.
struct Asked {
  coap::Code method;
  std::vector<std::string> path;
  std::vector<std::string> queries;
  std::map<uint16_t, Bytes> options;  ///< The first of each number.
  Bytes body;
};
struct Answer {
  coap::Code code = coap::kContent;
  std::vector<OutgoingOption> options;
  Bytes body;
};

/// What happens next to whoever observes.
struct ObservedStep {
  enum class What : uint8_t {
    kNotify,
    kClose,   ///< close_notify (DTLS).
    kLose,    ///< The next datagram of the client is lost.
    kForget,  ///< A restart: the session is unknown, which an alert without a key says (DTLS).
  };
  What what = What::kNotify;
  Answer notification;
};

class Responder {
 public:
  using Handler = std::function<Answer(const Asked&)>;

  /// On a free port of 127.0.0.1. With `identity` it speaks DTLS; the identity outlives it.
  explicit Responder(Handler handler, const TestIdentity* identity = nullptr);
  ~Responder();

  uint16_t port() const { return port_; }
  /// Whole requests answered.
  uint64_t answered() const { return answered_; }
  /// Different client addresses seen.
  size_t peers() const;
  /// Appends to the script.
  void Then(ObservedStep step);
  void Then(Answer notification) { Then({ObservedStep::What::kNotify, std::move(notification)}); }
  /// After kForget the server is silent instead.
  void HideAlerts() { hide_alerts_ = true; }
  /// Notifications acknowledged, and observations ended by RST, by Observe 1.
  unsigned acknowledged() const { return acknowledged_; }
  unsigned resets() const { return resets_; }
  unsigned deregistered() const { return deregistered_; }
  /// The next block of an upload, but its first, finds nothing of those before (4.08).
  void LoseUpload() { lose_upload_ = true; }
  /// From now on this many datagrams are ignored.
  void Ignore(unsigned datagrams) { ignore_ = datagrams; }

 private:
  void Run();
  void OnDatagram(const SocketAddress& from, ByteView datagram);
  std::optional<Bytes> Serve(const SocketAddress& from, ByteView message);
  Bytes Reply(const coap::MessageView& request, const Answer& answer);
  void SendTo(const SocketAddress& to, ByteView datagram);
  void FlushDtls();
  void NoteObserver(const SocketAddress& from, const coap::MessageView& request,
                    const Answer& answer);
  void OnReply(const coap::MessageView& reply);
  void GoOn();
  void Notify(const Answer& answer);

  Handler handler_;
  const TestIdentity* identity_;
  std::unique_ptr<DtlsServer> dtls_;
  SocketAddress dtls_peer_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::map<SocketAddress, Bytes> uploads_;
  std::map<SocketAddress, Answer> downloads_;
  mutable std::mutex mutex_;
  std::map<SocketAddress, uint64_t> peers_;  ///< Guarded by mutex_.
  struct Observer {
    SocketAddress address;
    coap::Token token;
    uint32_t number = 2;
    std::optional<uint16_t> in_flight;
    bool fetching = false;
  };
  std::optional<Observer> observer_;
  std::deque<ObservedStep> script_;  ///< Guarded by mutex_.
  uint16_t next_message_id_ = 1000;
  std::optional<SocketAddress> forgotten_;
  std::atomic<bool> hide_alerts_{false};
  std::atomic<unsigned> acknowledged_{0};
  std::atomic<unsigned> resets_{0};
  std::atomic<unsigned> deregistered_{0};
  std::atomic<uint64_t> answered_{0};
  std::atomic<unsigned> ignore_{0};
  std::atomic<bool> lose_upload_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace lowband::client
