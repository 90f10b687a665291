#include "services/edge/request/options.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lowband::edge::request {
namespace {

using coap::OptionNumber;

// FNV-1a. Only a client itself could make two of its own requests collide.
class Hash {
 public:
  void Add(uint16_t number, ByteView value) {
    AddByte(static_cast<uint8_t>(number >> 8));
    AddByte(static_cast<uint8_t>(number));
    // The length keeps neighbouring segments apart.
    AddByte(static_cast<uint8_t>(value.size() >> 8));
    AddByte(static_cast<uint8_t>(value.size()));
    Add(value);
  }
  void Add(ByteView bytes) {
    for (const uint8_t byte : bytes) AddByte(byte);
  }
  uint64_t value() const { return value_; }

 private:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  uint64_t value_ = 0xcbf29ce484222325ULL;
};

v1::Method MethodOf(coap::Code code) {
  if (code == coap::kGet) return v1::GET;
  if (code == coap::kPost) return v1::POST;
  if (code == coap::kPut) return v1::PUT;
  if (code == coap::kDelete) return v1::DELETE;
  if (code == coap::kFetch) return v1::FETCH;
  return v1::METHOD_UNSPECIFIED;
}

class Reader {
 public:
  explicit Reader(const coap::MessageView& message) : message_(message) {}

  RequestOptions Read() {
    ReadMethod();
    Hash path;
    Hash queries;
    bool has_queries = false;
    Hash resource;
    Hash upload;
    Hash tag;
    bool has_tag = false;
    const uint8_t method = message_.code.value;
    resource.Add(0, {&method, 1});
    upload.Add(0, {&method, 1});
    for (const coap::OptionView& option : message_.options()) {
      const auto number = static_cast<OptionNumber>(option.number);
      const bool is_path = number == OptionNumber::kUriPath;
      const bool names_resource = is_path || number == OptionNumber::kUriQuery;
      if (is_path) path.Add(option.number, option.value);
      if (names_resource && !is_path) {
        queries.Add(option.number, option.value);
        has_queries = true;
      }
      if (names_resource) resource.Add(option.number, option.value);
      if (number == OptionNumber::kRequestTag) {
        tag.Add(option.number, option.value);
        has_tag = true;
      }
      if (names_resource || number == OptionNumber::kRequestTag) {
        upload.Add(option.number, option.value);
      }
      ReadOption(option);
    }
    if (message_.has_surplus_options()) {
      Refuse({.reason = RefusalReason::kBadOption,
              .code = coap::kBadOption,
              .errcode = "M_UNRECOGNIZED",
              .error = "More than " + std::to_string(coap::kOptionsMax) + " CoAP options"});
    }
    out_.key = {path.value(),
                has_queries ? queries.value() : 0,
                resource.value(),
                upload.value(),
                has_tag ? tag.value() : 0,
                out_.method,
                out_.accept,
                out_.content_format,
                out_.block1 ? 0 : BodyKey(out_.method, message_.payload)};
    return std::move(out_);
  }

 private:
  void ReadMethod() {
    out_.method = MethodOf(message_.code);
    if (out_.method != v1::METHOD_UNSPECIFIED) return;
    Refuse({.reason = RefusalReason::kMethod,
            .code = coap::kMethodNotAllowed,
            .errcode = "M_UNRECOGNIZED",
            .error = "CoAP method " + message_.code.Text() + " is not served"});
  }

  void ReadOption(const coap::OptionView& option) {
    switch (static_cast<OptionNumber>(option.number)) {
      case OptionNumber::kUriPath:
        // RFC 7252 §5.10; some queries of deployed clients are longer, their paths never.
        if (option.value.size() > coap::kPathSegmentBytesMax) {
          Refuse(BadOption(option.number, "is over 255 bytes"));
        }
        return;
      case OptionNumber::kNoResponse: {
        std::optional<uint32_t> value;
        ReadUint(option, 1, value);
        if (value) out_.no_response = static_cast<uint8_t>(*value);
        return;
      }
      case OptionNumber::kUriQuery:
      case OptionNumber::kUriHost:
      case OptionNumber::kUriPort: return;
      case OptionNumber::kContentFormat: ReadUint(option, 2, out_.content_format); return;
      case OptionNumber::kAccept: ReadUint(option, 2, out_.accept); return;
      case OptionNumber::kObserve: ReadUint(option, 3, out_.observe); return;
      case OptionNumber::kSize1: ReadUint(option, 4, out_.size1); return;
      case OptionNumber::kMatrixKeyTableVersion: ReadUint(option, 4, out_.key_table); return;
      case OptionNumber::kMatrixAccessToken:
        if (!out_.access_token) out_.access_token = option.value;
        return;
      case OptionNumber::kUserAgent:
        if (MayRead(option, coap::kUserAgentBytesMax, out_.user_agent.has_value())) {
          out_.user_agent = option.value;
        }
        return;
      case OptionNumber::kBlock1: ReadBlock(option, out_.block1); return;
      case OptionNumber::kBlock2: ReadBlock(option, out_.block2); return;
      case OptionNumber::kETag: out_.entity_tag = true; return;
      case OptionNumber::kIfMatch:
        if (option.value.size() > coap::kEntityTagBytesMax) {
          Refuse(BadOption(option.number, "is too long"));
        }
        return;
      case OptionNumber::kIfNoneMatch:
        Refuse(BadOption(option.number, "(a condition on entity tags) is not supported"));
        return;
      case OptionNumber::kProxyUri:
      case OptionNumber::kProxyScheme:
        Refuse(
            {.reason = RefusalReason::kProxying,
             .code = coap::kProxyingNotSupported,
             .errcode = "M_UNRECOGNIZED",
             .error = "This is no CoAP proxy: leave out option " + std::to_string(option.number)});
        return;
      default:
        if (coap::IsCritical(option.number)) {
          Refuse(BadOption(option.number, "is critical and not supported"));
        }
    }
  }

  void ReadUint(const coap::OptionView& option, size_t bytes_max, std::optional<uint32_t>& out) {
    if (!MayRead(option, bytes_max, out.has_value())) return;
    out = coap::ParseUint(option.value);
  }

  void ReadBlock(const coap::OptionView& option, std::optional<coap::Block>& out) {
    if (!MayRead(option, 3, out.has_value())) return;
    out = coap::ParseBlock(option.value);
    if (out) return;
    // RFC 7959 §2.2: the reserved size.
    Refuse({.reason = RefusalReason::kBadBlock,
            .code = coap::kBadRequest,
            .errcode = "M_INVALID_PARAM",
            .error =
                "CoAP option " + std::to_string(option.number) + " has the reserved block size 7"});
  }

  bool MayRead(const coap::OptionView& option, size_t bytes_max, bool repeated) {
    if (!repeated && option.value.size() <= bytes_max) return true;
    if (coap::IsCritical(option.number)) {
      Refuse(BadOption(option.number, repeated ? "must not be repeated" : "is too long"));
    }
    return false;
  }

  void Refuse(Refusal refusal) {
    if (!out_.refusal) out_.refusal = std::move(refusal);
  }

  const coap::MessageView& message_;
  RequestOptions out_;
};

}  // namespace

uint64_t BodyKey(v1::Method method, ByteView body) {
  if (method != v1::FETCH || body.empty()) return 0;
  Hash hash;
  hash.Add(body);
  return std::max<uint64_t>(1, hash.value());
}

RequestOptions ReadOptions(const coap::MessageView& message) { return Reader(message).Read(); }

}  // namespace lowband::edge::request
