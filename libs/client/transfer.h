// One request and its answer through their blocks: what to send next, what an answer means.
//
//   upload ──2.31──▶ next block   ──4.08──▶ from the start   ──4.13 with smaller szx──▶ smaller
//      └── any other code ──▶ answer ──Block2 with M──▶ fetch next block ──…──▶ whole answer
//
// A message that may have been too large for the path is made anew with smaller blocks where that
// is safe: a block of an upload that is not the last, which the server tells by its place; a GET or
// FETCH; a PUT or DELETE in one message, which come to the same however often they are carried out
// (RFC 7252 §5.1). A POST in one message, or what holds for one version only (If-Match), may have
// been carried out, its answer lost: it stays as it is. The last block of an upload needs nothing,
// since larger ones have gone through.
//
// Threading: one thread; knows no time and no message IDs. Ownership: copies what it keeps.
// Limits: kUploadRestartsMax, Config::response_bytes_max. Spec: RFC 7959 §2.3 to §2.9, §3.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "libs/client/event.h"
#include "libs/client/path_size.h"
#include "libs/client/sticky_options.h"
#include "libs/coap/block.h"
#include "libs/coap/message.h"

namespace lowband::client {

class Transfer {
 public:
  enum class Step : uint8_t {
    kSendNext,  ///< NextMessage is to be sent.
    kDone,      ///< TakeResponse has the answer.
    kBroken,    ///< A gap, a changed ETag, over the limit: there will be no answer.
  };

  Transfer(Request request, const coap::Token& token, uint8_t block_szx, size_t response_bytes_max);

  /// Type and message ID are for the message layer to stamp.
  Bytes NextMessage(const StickyOptions& known) const;
  /// `message` carries a response code and this transfer's token.
  Step OnResponse(const coap::MessageView& message);
  /// After kDone, once. `id` is left to the caller.
  Response TakeResponse() { return std::move(response_); }

  const coap::Token& token() const { return token_; }
  /// For the rest of a notification, which must not have the token of the observation.
  void SetToken(const coap::Token& token) { token_ = token; }
  /// NextMessage is one that the server can answer at once: a block that is not the last of an
  /// upload, or one of an answer that it has.
  bool NeedsNobody() const;
  /// NextMessage is the first of the operation, for the server's sticky options.
  bool Begins() const { return phase_ == Phase::kUpload && upload_offset_ == 0; }
  /// What the latest message that began it said to the server.
  StickyOptions::Said said = {};
  /// NextMessage gets an acknowledgement, and nothing else.
  bool EndsUnanswered() const {
    return request_.no_response && phase_ == Phase::kUpload && IsLastBlock();
  }
  /// What becomes of NextMessage when it was too large, or the block that answers it.
  enum class Smaller : uint8_t {
    kNothing,  ///< It stays as it is.
    kGoesOn,   ///< It has a smaller block now.
    kAnew,     ///< It asks for smaller blocks, and needs a token of its own.
  };
  /// `path` knows what went through.
  Smaller UseSmallerBlocks(const PathSize& path);
  /// The answer to this request, which was acknowledged, may have been too large: it may be asked
  /// anew for smaller ones, with a token of its own. Once.
  bool MayAskForSmallerBlocks(const PathSize& path) const;
  void AskForSmallerBlocks(const PathSize& path);
  /// Blocks of this size have gone through, after larger ones had not.
  std::optional<uint8_t> TakeProof() { return std::exchange(proof_, std::nullopt); }
  /// What is worth asking for next time when this one, which must not be carried out twice, got no
  /// answer; none: nothing else.
  std::optional<uint8_t> Suspicion(const PathSize& path) const;
  const std::vector<OutgoingOption>& options() const { return request_.options; }
  bool confirmable() const { return request_.confirmable; }
  /// How often the upload has started over.
  unsigned upload_restarts() const { return upload_restarts_; }

 private:
  enum class Phase : uint8_t { kUpload, kFetch };

  bool IsLastBlock() const;
  bool IsSafe() const;
  /// Carried out twice it comes to the same.
  bool IsIdempotent() const;
  /// NextMessage, or its answer, as far as is known.
  bool HoldsTooMuch(const PathSize& path) const;
  bool MayBeTooLarge(const PathSize& path) const;
  void ShrinkFetch(const PathSize& path);
  std::optional<Step> OnUploadStep(const coap::MessageView& message);
  Step OnFirstAnswer(const coap::MessageView& message);
  Step OnNextBlock(const coap::MessageView& message);
  /// Adds a block to the answer; `block` says where it belongs.
  Step Collect(const coap::MessageView& message, const coap::Block& block);
  Step Finish(const coap::MessageView& message, ByteView body);

  Request request_;
  coap::Token token_;
  size_t response_bytes_max_;
  Phase phase_ = Phase::kUpload;
  size_t upload_offset_ = 0;
  uint8_t upload_szx_;
  unsigned upload_restarts_ = 0;
  uint8_t fetch_szx_;
  bool upload_shrunk_ = false;
  bool fetch_shrunk_ = false;
  bool asked_again_ = false;  ///< Though it was acknowledged.
  std::optional<uint8_t> proof_;
  std::optional<Bytes> etag_;
  Response response_;
};

}  // namespace lowband::client
