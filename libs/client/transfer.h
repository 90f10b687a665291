// One request and its answer in blocks: the next message to send, and the meaning of an answer.
//
//   upload ──2.31──▶ next block   ──4.08──▶ from the start   ──4.13 with smaller szx──▶ smaller
//      └── any other code ──▶ answer ──Block2 with M──▶ fetch next block ──…──▶ whole answer
//
// A message that may have been too large for the path is made anew with smaller blocks if that is
// safe: a block of an upload that is not the last, which the server recognises by its place; a GET
// or FETCH; a PUT or DELETE in one message, which are idempotent (RFC 7252 §5.1). A POST in one
// message, or a request with If-Match, may have been carried out with its answer lost: it stays
// unchanged. The last block of an upload stays too, since larger ones have passed.
//
// Threading: one thread; uses no time and no message IDs. Ownership: copies what it keeps.
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
    kSendNext,  ///< Send NextMessage.
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
  /// For the rest of a notification, which needs another token than the observation's.
  void SetToken(const coap::Token& token) { token_ = token; }
  /// The server can answer NextMessage at once: a block that is not the last of an upload, or a
  /// request for a block that it has.
  bool NeedsNobody() const;
  /// NextMessage is the operation's first, which sets the server's sticky options.
  bool Begins() const { return phase_ == Phase::kUpload && upload_offset_ == 0; }
  /// The sticky options in its latest first message.
  StickyOptions::Said said = {};
  /// NextMessage gets only an acknowledgement.
  bool EndsUnanswered() const {
    return request_.no_response && phase_ == Phase::kUpload && IsLastBlock();
  }
  /// The change of NextMessage if it, or the block that answers it, was too large.
  enum class Smaller : uint8_t {
    kNothing,  ///< It stays unchanged.
    kGoesOn,   ///< It now has a smaller block.
    kAnew,     ///< It requests smaller blocks, and needs a new token.
  };
  /// `path` has the sizes that passed.
  Smaller UseSmallerBlocks(const PathSize& path);
  /// The answer to this acknowledged request may have been too large: it may be requested anew in
  /// smaller blocks, with a new token. Only once.
  bool MayAskForSmallerBlocks(const PathSize& path) const;
  void AskForSmallerBlocks(const PathSize& path);
  /// Blocks of this size have passed, after larger ones had not.
  std::optional<uint8_t> TakeProof() { return std::exchange(proof_, std::nullopt); }
  /// Block size for the next request, after this one, which must not be carried out twice, got no
  /// answer; none: unchanged.
  std::optional<uint8_t> Suspicion(const PathSize& path) const;
  const std::vector<OutgoingOption>& options() const { return request_.options; }
  bool confirmable() const { return request_.confirmable; }
  /// Number of restarts of the upload.
  unsigned upload_restarts() const { return upload_restarts_; }

 private:
  enum class Phase : uint8_t { kUpload, kFetch };

  bool IsLastBlock() const;
  bool IsSafe() const;
  /// May be carried out twice with the same effect.
  bool IsIdempotent() const;
  /// Whether NextMessage, or its answer, may be too large for `path`.
  bool HoldsTooMuch(const PathSize& path) const;
  bool MayBeTooLarge(const PathSize& path) const;
  void ShrinkFetch(const PathSize& path);
  std::optional<Step> OnUploadStep(const coap::MessageView& message);
  Step OnFirstAnswer(const coap::MessageView& message);
  Step OnNextBlock(const coap::MessageView& message);
  /// Adds a block to the answer; `block` has its place.
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
  /// Requests for further blocks leave out queries and Accept. Lowband, which alone has the packed
  /// format, finds the body without them, as deployed clients leave them out too.
  bool brief_ = false;
  bool upload_shrunk_ = false;
  bool fetch_shrunk_ = false;
  bool asked_again_ = false;  ///< It was requested anew after its acknowledgement.
  std::optional<uint8_t> proof_;
  std::optional<Bytes> etag_;
  Response response_;
};

}  // namespace lowband::client
