// The request layer's part of narrow paths; path_width.h has the rules.
#include <algorithm>

#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

uint8_t Layer::SzxOf(const Session& session) const { return session.path.szx(config_.block_szx); }

// The client itself repeats a request that is not chained, and each block is made anew.
void Layer::OnAsked(Session& session, Download& download, const coap::Block& asked) {
  // A block that is still to come was not sent, and cannot be lost.
  const bool again = asked.offset() == download.asked_offset && download.body.Has(asked);
  download.asked_again = again ? download.asked_again + 1 : 0;
  // The client has the block that was sent before.
  if (asked.offset() > download.asked_offset) session.path.Passed(download.sent_bytes);
  download.asked_offset = asked.offset();
  const size_t bytes = std::min(asked.size(), coap::Block{0, false, SzxOf(session)}.size());
  if (download.asked_again >= message::kRepeatsInVain && bytes > session.path.passed_bytes()) {
    Narrow(session);
  }
}

bool Layer::Narrow(Session& session) {
  const bool was_wide = session.path.Narrow();
  if (was_wide) ++counters_.paths_narrowed;
  return was_wide;
}

void Layer::OnRepeatedInVain(TimePoint now, const message::RepeatedInVain& in_vain) {
  const auto session = sessions_.find(in_vain.session);
  const coap::Block small{0, false, kSmallSzx};
  if (session == sessions_.end() || in_vain.message.payload.size() <= small.size() ||
      in_vain.bytes <= session->second.path.passed_bytes() + kBlockOverheadBytes) {
    return messages_.Repeat(in_vain);
  }
  const auto download = downloads_.FindSent(in_vain.session, in_vain.message);
  if (!download) return messages_.Repeat(in_vain);
  const auto value = in_vain.message.Find(coap::OptionNumber::kBlock2);
  const auto sent = value ? coap::ParseBlock(*value) : std::nullopt;
  // RFC 7959 §2.4: another size changes the number, not the offset.
  const auto block = BlockOf((*download)->body.size(), sent.value_or(coap::Block{}), kSmallSzx);
  if (!block || block->number > coap::Block::kNumberMax || !(*download)->body.Has(*block)) {
    return messages_.Repeat(in_vain);
  }
  const bool first = Narrow(session->second);
  FirstMessage smaller = WriteSmaller(in_vain.message, *download, *block);
  const auto id = messages_.Replace(now, in_vain, std::move(smaller.message));
  downloads_.Served(now, *download, id, smaller.whole);
  if (in_vain.id.value == 0) return;  // its client repeats the request
  if (first) session->second.path.Probe(id);
  std::ranges::replace(sessions_.at(in_vain.session).farewells, in_vain.id, id);
  observations_.OnReplaced(in_vain.session, in_vain.id, id, smaller.whole);
}

Layer::FirstMessage Layer::WriteSmaller(const coap::MessageView& sent, Downloads::Entry download,
                                        const coap::Block& block) {
  ResponseBlocks blocks{.entity_tag = download->entity_tag, .block2 = block};
  if (block.number == 0) blocks.size2 = static_cast<uint32_t>(download->body.size());
  if (const auto value = sent.Find(coap::OptionNumber::kBlock1)) {
    blocks.block1 = coap::ParseBlock(*value);
  }
  blocks.observe = sent.FindUint(coap::OptionNumber::kObserve);
  const ByteView bytes = download->body.At(block);
  download->sent_bytes = bytes.size();
  return {WriteResponse(sent.token, download->head, blocks, bytes), download, !block.more};
}

}  // namespace lowband::edge::request
