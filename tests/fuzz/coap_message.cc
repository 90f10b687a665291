// Any datagram: what parses must come back the same after it was written again.
#include <algorithm>
#include <cstdlib>

#include "libs/coap/block.h"
#include "libs/coap/message.h"

namespace {

using namespace lowband;

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckSame(const coap::MessageView& a, const coap::MessageView& b) {
  Check(a.type == b.type && a.code == b.code && a.message_id == b.message_id);
  Check(a.token == b.token);
  Check(std::ranges::equal(a.payload, b.payload));
  Check(a.options().size() == b.options().size());
  for (size_t i = 0; i < a.options().size(); ++i) {
    Check(a.options()[i].number == b.options()[i].number);
    Check(std::ranges::equal(a.options()[i].value, b.options()[i].value));
  }
}

void CheckBounds(const coap::MessageView& message, ByteView datagram) {
  const auto inside = [&](ByteView view) {
    return view.empty() || (view.data() >= datagram.data() &&
                            view.data() + view.size() <= datagram.data() + datagram.size());
  };
  Check(inside(message.payload));
  uint16_t last = 0;
  for (const coap::OptionView& option : message.options()) {
    Check(inside(option.value));
    Check(option.number >= last);
    last = option.number;
    if (const auto block = coap::ParseBlock(option.value)) {
      Check(block->szx <= 6 && block->number <= coap::Block::kNumberMax);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView datagram(data, size);
  const auto parsed = coap::Parse(datagram);
  const auto envelope = coap::ParseEnvelope(datagram);
  if (!parsed) {
    Check(!coap::Text(parsed.error()).empty());
    return 0;
  }
  Check(envelope && envelope->type == parsed->type && envelope->message_id == parsed->message_id);
  CheckBounds(*parsed, datagram);
  if (parsed->code.is_empty() || parsed->has_surplus_options()) return 0;
  coap::MessageWriter writer(parsed->type, parsed->code, parsed->message_id, parsed->token);
  for (const coap::OptionView& option : parsed->options()) {
    writer.Option(static_cast<coap::OptionNumber>(option.number), option.value);
  }
  const Bytes again = writer.Finish(parsed->payload);
  Check(again.size() <= size);  // the shortest form there is
  const auto reparsed = coap::Parse(again);
  Check(reparsed.has_value());
  CheckSame(*parsed, *reparsed);
  return 0;
}
