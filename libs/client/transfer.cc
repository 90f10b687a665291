#include "libs/client/transfer.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "libs/client/limits.h"
#include "libs/client/options.h"

namespace lowband::client {
namespace {

using coap::Block;
using coap::MessageView;
using coap::OptionNumber;

// RFC 7967 §2.1: answers of the classes 2, 4 and 5.
constexpr uint32_t kNoneOfInterest = 2 + 8 + 16;

size_t BlockBytes(uint8_t szx) { return Block{0, false, szx}.size(); }

std::optional<Block> FindBlock(const MessageView& message, OptionNumber number) {
  const auto value = message.Find(number);
  return value ? coap::ParseBlock(*value) : std::nullopt;
}

std::optional<Bytes> FindETag(const MessageView& message) {
  const auto value = message.Find(OptionNumber::kETag);
  if (!value) return std::nullopt;
  return Bytes(value->begin(), value->end());
}

}  // namespace

Transfer::Transfer(Request request, const coap::Token& token, uint8_t block_szx,
                   size_t response_bytes_max)
    : request_(std::move(request)),
      token_(token),
      response_bytes_max_(response_bytes_max),
      upload_szx_(std::min(block_szx, kBlockSzxMax)),
      fetch_szx_(upload_szx_) {}

bool Transfer::IsLastBlock() const {
  return upload_offset_ + BlockBytes(upload_szx_) >= request_.body.size();
}

// RFC 7252 §5.1; FETCH: RFC 8132 §2.
bool Transfer::IsSafe() const {
  return request_.method == coap::kGet || request_.method == coap::kFetch;
}

bool Transfer::IsIdempotent() const {
  return request_.method != coap::kPost &&
         FindOption(request_.options, OptionNumber::kIfMatch) == nullptr;
}

bool Transfer::MayBeTooLarge(const PathSize& path) const {
  return phase_ == Phase::kUpload && IsLastBlock() && fetch_szx_ > kBlockSzxMin &&
         !request_.no_response && !path.HasReceivedBlockOf(fetch_szx_);
}

bool Transfer::HoldsTooMuch(const PathSize& path) const {
  const size_t payload = std::min(request_.body.size() - upload_offset_, BlockBytes(upload_szx_));
  return phase_ == Phase::kUpload && upload_szx_ > kBlockSzxMin &&
         payload > BlockBytes(upload_szx_ - 1) && !path.HasSent(payload);
}

Transfer::Smaller Transfer::UseSmallerBlocks(const PathSize& path) {
  const bool whole = IsLastBlock() && upload_offset_ == 0;
  if (HoldsTooMuch(path) && (whole ? IsIdempotent() : !IsLastBlock())) {
    upload_szx_ = std::min<uint8_t>(path.szx(), upload_szx_ - 1);
    fetch_szx_ = std::min(fetch_szx_, upload_szx_);
    upload_shrunk_ = true;
    return Smaller::kGoesOn;
  }
  if (!whole || !IsSafe() || !MayBeTooLarge(path)) return Smaller::kNothing;
  ShrinkFetch(path);
  return Smaller::kAnew;
}

bool Transfer::MayAskForSmallerBlocks(const PathSize& path) const {
  return !asked_again_ && IsSafe() && upload_offset_ == 0 && MayBeTooLarge(path);
}

void Transfer::AskForSmallerBlocks(const PathSize& path) {
  asked_again_ = true;
  ShrinkFetch(path);
}

void Transfer::ShrinkFetch(const PathSize& path) {
  fetch_szx_ = std::min<uint8_t>(path.szx(), fetch_szx_ - 1);
  fetch_shrunk_ = true;
}

std::optional<uint8_t> Transfer::Suspicion(const PathSize& path) const {
  if (IsIdempotent()) return std::nullopt;
  if (HoldsTooMuch(path)) return static_cast<uint8_t>(upload_szx_ - 1);
  if (MayBeTooLarge(path)) return static_cast<uint8_t>(fetch_szx_ - 1);
  return std::nullopt;
}

bool Transfer::NeedsNobody() const { return phase_ == Phase::kFetch || !IsLastBlock(); }

Bytes Transfer::NextMessage(const StickyOptions& known) const {
  std::vector<OutgoingOption> options;
  std::ranges::copy_if(request_.options, std::back_inserter(options),
                       [&known](const auto& option) { return !known.Knows(option); });
  const auto add = [&options](OptionNumber number, uint32_t value) {
    options.push_back(UintOption(number, value));
  };
  ByteView payload;
  if (phase_ == Phase::kUpload) {
    payload = request_.body;
    const size_t block_bytes = BlockBytes(upload_szx_);
    if (request_.body.size() > block_bytes || upload_offset_ > 0) {
      const auto number = static_cast<uint32_t>(upload_offset_ / block_bytes);
      add(OptionNumber::kBlock1, Block{number, !IsLastBlock(), upload_szx_}.Pack());
      // RFC 9175 §3: blocks of simultaneous uploads to one path must not be mixed.
      if (FindOption(options, OptionNumber::kRequestTag) == nullptr) {
        options.push_back(
            {OptionNumber::kRequestTag, Bytes(token_.view().begin(), token_.view().end())});
      }
      if (number == 0) add(OptionNumber::kSize1, static_cast<uint32_t>(payload.size()));
      payload = payload.subspan(upload_offset_);
      payload = payload.first(std::min(payload.size(), block_bytes));
    }
    if (request_.no_response) add(OptionNumber::kNoResponse, kNoneOfInterest);
    // RFC 7959 §2.4: a client that wants smaller blocks requests them before the first comes.
    if (fetch_szx_ < kBlockSzxMax) add(OptionNumber::kBlock2, Block{0, false, fetch_szx_}.Pack());
  } else {
    std::erase_if(options, [this](const OutgoingOption& option) {
      // RFC 7959 §2.6: only the first block is observed; with it, this would register again.
      return option.number == OptionNumber::kObserve ||
             (brief_ &&
              (option.number == OptionNumber::kUriQuery || option.number == OptionNumber::kAccept));
    });
    const auto number = static_cast<uint32_t>(response_.body.size() / BlockBytes(fetch_szx_));
    add(OptionNumber::kBlock2, Block{number, false, fetch_szx_}.Pack());
  }
  std::ranges::stable_sort(options, {}, &OutgoingOption::number);
  coap::MessageWriter writer(coap::Type::kConfirmable, request_.method, 0, token_);
  for (const OutgoingOption& option : options) writer.Option(option.number, option.value);
  return std::move(writer).Finish(payload);
}

Transfer::Step Transfer::OnResponse(const MessageView& message) {
  switch (phase_) {
    case Phase::kUpload:
      if (const auto step = OnUploadStep(message)) return *step;
      return OnFirstAnswer(message);
    case Phase::kFetch: return OnNextBlock(message);
  }
  std::abort();
}

// None: `message` is the answer to the whole request.
std::optional<Transfer::Step> Transfer::OnUploadStep(const MessageView& message) {
  const size_t block_bytes = BlockBytes(upload_szx_);
  const bool in_blocks = request_.body.size() > block_bytes || upload_offset_ > 0;
  const auto block = FindBlock(message, OptionNumber::kBlock1);
  if (!in_blocks) {
    // The server accepts only smaller blocks (RFC 7959 §2.9.3).
    const bool smaller = message.code == coap::kRequestEntityTooLarge && block &&
                         BlockBytes(block->szx) < request_.body.size();
    if (!smaller) return std::nullopt;
    upload_szx_ = std::min(upload_szx_, block->szx);
    return Step::kSendNext;
  }
  if (message.code == coap::kRequestEntityIncomplete) {
    if (++upload_restarts_ > kUploadRestartsMax) return std::nullopt;
    upload_offset_ = 0;
    return Step::kSendNext;
  }
  if (message.code == coap::kRequestEntityTooLarge && upload_offset_ == 0 && block &&
      block->szx < upload_szx_) {
    upload_szx_ = block->szx;
    return Step::kSendNext;
  }
  // A server that acts on each block answers 2.04 with M clear (RFC 7959 §2.3): continue as well.
  const bool block_taken =
      message.code == coap::kContinue || (message.code.cls() == 2 && block && !IsLastBlock());
  if (!block_taken) return std::nullopt;
  // A block that was made smaller meanwhile has the same place, but another number.
  const bool expected =
      block && (block->number == upload_offset_ / block_bytes || block->offset() == upload_offset_);
  if (!expected || IsLastBlock()) return Step::kBroken;
  if (upload_shrunk_ && block->szx == upload_szx_) proof_ = upload_szx_;
  upload_offset_ += block_bytes;
  upload_szx_ = std::min(upload_szx_, block->szx);
  if (upload_offset_ / BlockBytes(upload_szx_) > Block::kNumberMax) return Step::kBroken;
  return Step::kSendNext;
}

Transfer::Step Transfer::OnFirstAnswer(const MessageView& message) {
  if (!message.Has(OptionNumber::kBlock2)) return Finish(message, message.payload);
  const auto block = FindBlock(message, OptionNumber::kBlock2);
  if (!block || block->number != 0) return Step::kBroken;
  if (!block->more) return Finish(message, message.payload);
  if (fetch_shrunk_ && block->szx == fetch_szx_) proof_ = fetch_szx_;
  phase_ = Phase::kFetch;
  etag_ = FindETag(message);
  brief_ = message.FindUint(OptionNumber::kContentFormat) == coap::kFormatPacked;
  return Collect(message, *block);
}

Transfer::Step Transfer::OnNextBlock(const MessageView& message) {
  const auto block = FindBlock(message, OptionNumber::kBlock2);
  const auto etag = FindETag(message);
  const bool expected = message.code.cls() == 2 && block &&
                        block->offset() == response_.body.size() &&
                        // RFC 7959 §2.4: blocks of different bodies must not be mixed.
                        (!etag || !etag_ || *etag == *etag_);
  if (expected) return Collect(message, *block);
  // The server has no such body any more, or several: the whole request tells which is meant.
  if (std::exchange(brief_, false)) return Step::kSendNext;
  // An error in the middle (the upstream failed, the body expired) is the answer to the request.
  return message.code.cls() == 2 ? Step::kBroken : Finish(message, message.payload);
}

Transfer::Step Transfer::Collect(const MessageView& message, const Block& block) {
  if (block.more && message.payload.size() != block.size()) return Step::kBroken;
  if (message.payload.size() > response_bytes_max_ - response_.body.size()) return Step::kBroken;
  Append(response_.body, message.payload);
  if (!block.more) return Finish(message, std::exchange(response_.body, {}));
  if (block.number == Block::kNumberMax) return Step::kBroken;
  fetch_szx_ = std::min(fetch_szx_, block.szx);
  return Step::kSendNext;
}

Transfer::Step Transfer::Finish(const MessageView& message, ByteView body) {
  if (body.size() > response_bytes_max_) return Step::kBroken;
  response_.body.assign(body.begin(), body.end());
  response_.code = message.code;
  for (const coap::OptionView& option : message.options()) {
    response_.options.push_back({static_cast<OptionNumber>(option.number),
                                 Bytes(option.value.begin(), option.value.end())});
  }
  return Step::kDone;
}

}  // namespace lowband::client
