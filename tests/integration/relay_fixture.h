// An edge's side of Relay calls towards a real translator (ingress, mapping, upstream) and a
// homeserver that the test scripts.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/grpc/contract.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/server.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/relay_handler.h"
#include "services/translator/upstream/relay_counters.h"
#include "tests/integration/relay_call.h"
#include "tests/support/eventually.h"
#include "tests/support/upstream_fixture.h"

namespace lowband::translator::testing {

using std::chrono::milliseconds;

/// No lanes here.
class NoExchanges final : public ingress::Handler {
 public:
  void Start(ingress::ExchangeKey, v1::Request, ingress::Respond) override {}
  void Cancel(ingress::ExchangeKey) override {}
  ingress::ExchangeAnswer Refuse(const v1::Request&, ingress::Refused) override { return {}; }
};

/// The translator, as far as relays concern it.
class Gateway {
 public:
  static mapping::MappingConfig EveryPath() {
    mapping::MappingConfig config;
    config.allow_paths = "/";
    return config;
  }
  struct Given {
    mapping::MappingConfig mapping = EveryPath();
    std::function<void(upstream::UpstreamConfig&)> upstream = [](upstream::UpstreamConfig&) {};
    size_t relays_max = ingress::kRelaysDefault;
  };
  explicit Gateway(const std::string& homeserver) : Gateway(homeserver, Given()) {}
  Gateway(const std::string& homeserver, const Given& given)
      : upstream_(Upstream(homeserver, given)),
        handler_(given.mapping, upstream_, nullptr),
        server_(Serving(given), exchanges_, &handler_) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES,
                     static_cast<int>(contract::kStreamWindowBytes));
    stub_ = v1::Translator::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_.port()),
                                  grpc::InsecureChannelCredentials(), arguments));
    if (RelaysGoOnLanes()) lane_ = std::make_unique<LaneClient>(*stub_);
  }

  v1::Translator::Stub& stub() { return *stub_; }
  std::unique_ptr<RelayWire> Open() { return lane_ ? lane_->Open() : MakeSingleWire(*stub_); }
  bool LaneIsToldOfDrain() { return !lane_ || lane_->draining(); }
  /// As an edge does that was told of a drain, once nothing is under way.
  void HalfCloseLane() {
    if (lane_) lane_->HalfClose();
  }
  ingress::Server& server() { return server_; }
  upstream::RelayClient& upstream() { return upstream_; }
  const RelayHandlerCounters& handled() const { return handler_.counters(); }
  uint64_t faults(mapping::UpstreamFault fault) const {
    return upstream_.counters().faults[static_cast<size_t>(fault)].load();
  }

 private:
  static upstream::UpstreamConfig Upstream(const std::string& homeserver, const Given& given) {
    upstream::UpstreamConfig config = ConfigFor(homeserver);
    given.upstream(config);
    return config;
  }
  static ingress::ServerConfig Serving(const Given& given) {
    ingress::ServerConfig config;
    config.listen = "127.0.0.1:0";
    config.credentials = grpc::InsecureServerCredentials();
    config.ingress.relays_max = given.relays_max;
    return config;
  }

  NoExchanges exchanges_;
  upstream::RelayClient upstream_;
  RelayHandler handler_;
  ingress::Server server_;
  std::unique_ptr<v1::Translator::Stub> stub_;
  std::unique_ptr<LaneClient> lane_;
};

struct Asked {
  std::string method = "GET";
  std::string target = "/_matrix/client/v3/x";
  http::Fields fields = {};
  bool has_body = false;
  std::optional<uint64_t> length = {};
  bool expects = false;
};

/// One transfer, driven by the test's thread.
class Call {
 public:
  explicit Call(Gateway& gateway) : wire_(gateway.Open()) {}
  Call(Gateway& gateway, const Asked& asked) : Call(gateway) { Send(asked); }

  bool Send(const Asked& asked) {
    v1::RelayRequest request;
    request.set_method(asked.method);
    request.set_target(asked.target);
    for (const http::Field& field : asked.fields) {
      v1::HttpField& line = *request.add_fields();
      line.set_name(field.name);
      line.set_value(field.value);
    }
    request.set_has_body(asked.has_body);
    if (asked.length) request.set_content_length(*asked.length);
    request.set_expects_continue(asked.expects);
    request.set_forwarded_for("192.0.2.7");
    request.set_forwarded_proto("https");
    return wire_->Request(std::move(request));
  }
  bool Data(std::string_view bytes) { return wire_->Data(bytes); }
  /// Nothing more comes; without End() before it, a body is not whole. Not on a lane.
  void HalfClose() { wire_->HalfClose(); }
  /// The body is whole.
  void End() {
    wire_->End();
    HalfClose();
  }
  void Cancel() { wire_->Cancel(); }
  /// The next message; none at the end.
  std::optional<v1::RelayChunk> Next() { return wire_->Next(); }
  /// The head of the answer, as the next message.
  v1::RelayResponse Head() {
    const auto chunk = Next();
    EXPECT_TRUE(chunk && chunk->has_response()) << (chunk ? chunk->ShortDebugString() : "the end");
    return chunk ? chunk->response() : v1::RelayResponse();
  }
  /// The rest of the answer's body.
  std::string Rest() {
    std::string body;
    while (const auto chunk = Next()) {
      EXPECT_TRUE(chunk->has_data()) << chunk->ShortDebugString();
      EXPECT_LE(chunk->data().size(), contract::kChunkBytesMax);
      body += chunk->data();
    }
    return body;
  }
  /// Passes over what has not been read: gRPC gives no status before that.
  grpc::Status Finish() {
    while (Next()) {
    }
    return wire_->Status();
  }

 private:
  const std::unique_ptr<RelayWire> wire_;
};

struct Answered {
  v1::RelayResponse head;
  std::string body;
  grpc::Status status;
};

/// The whole answer of a call whose request is wholly sent.
inline Answered Take(Call& call) {
  Answered answered;
  answered.head = call.Head();
  answered.body = call.Rest();
  answered.status = call.Finish();
  return answered;
}

inline Answered Exchange(Gateway& gateway, const Asked& asked, std::string_view body = {}) {
  Call call(gateway, asked);
  while (!body.empty()) {
    call.Data(body.substr(0, contract::kChunkBytesMax));
    body.remove_prefix(std::min(body.size(), contract::kChunkBytesMax));
  }
  call.End();
  return Take(call);
}

/// All values of a field, each behind a bar; "" if there is none.
inline std::string Values(const v1::RelayResponse& head, std::string_view name) {
  std::string values;
  for (const v1::HttpField& field : head.fields()) {
    if (http::SameToken(field.name(), name)) values.append("|").append(field.value());
  }
  return values;
}

/// The code and, where it has one, the text: "0", "14 draining".
inline std::string Show(const grpc::Status& status) {
  return std::to_string(status.error_code()) +
         (status.error_message().empty() ? "" : " " + status.error_message());
}

}  // namespace lowband::translator::testing
