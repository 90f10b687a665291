#include "tools/lowband/convert.h"

#include <cctype>
#include <iostream>

#include "tools/lowband/data_files.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/json_layout.h"

namespace lowband::tools {
namespace {

using transcode::Order;

std::optional<uint8_t> Digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// The result, or the error.
Result<Bytes, std::string> Convert(ByteView input, Format to, const ConvertOptions& options) {
  const Order order = options.canonical ? Order::kCanonical : Order::kSource;
  if (to == Format::kCbor) {
    Bytes cbor;
    const auto done = transcode::JsonToCbor(AsText(input), cbor, options.keys, order);
    if (!done) return Failure("the JSON input is wrong: " + done.error().Text());
    if (auto shorter = CompressCbor(options.compression, cbor)) return std::move(*shorter);
    return cbor;
  }
  const auto cbor = UncompressCbor(options.compression, input);
  if (!cbor) return Failure(std::string("the input is not compressed as the flag says"));
  std::string json;
  const auto done = transcode::CborToJson(*cbor, json, order, transcode::Rules::kResponse);
  if (!done) return Failure("the CBOR input is wrong: " + done.error().Text());
  if (options.pretty) json = LayOut(json) + "\n";
  const ByteView bytes = AsBytes(json);
  return Bytes(bytes.begin(), bytes.end());
}

void Write(const ConvertOptions& options, Format to, const Bytes& result) {
  Bytes bytes = result;
  const bool as_hex = options.hex && to == Format::kCbor;
  if (as_hex) {
    const std::string digits = ToHex(result) + "\n";
    bytes.assign(digits.begin(), digits.end());
  }
  if (options.output == "-") {
    WriteStandardOutput(bytes);
    // On a terminal a newline separates the prompt; in a pipe the output is exact.
    if (to == Format::kJson && !options.pretty && StandardOutputIsTerminal()) std::cout << '\n';
    return;
  }
  WriteFile(options.output, bytes);
  std::cout << "Output to '" << options.output << "' (" << bytes.size() << " bytes) "
            << ToHex(result) << '\n';
}

}  // namespace

Format GuessFormat(ByteView input) {
  return !input.empty() && input[0] >= 0x80 ? Format::kCbor : Format::kJson;
}

Result<Bytes, std::string> FromHex(std::string_view text) {
  Bytes out;
  std::optional<uint8_t> high;
  for (size_t at = 0; at < text.size(); ++at) {
    if (IsSpace(text[at])) continue;
    const auto digit = Digit(text[at]);
    if (!digit) return Failure("no hexadecimal digit at byte " + std::to_string(at));
    if (high) {
      out.push_back(static_cast<uint8_t>(*high << 4 | *digit));
      high.reset();
    } else {
      high = digit;
    }
  }
  if (high)
    return Failure("an odd number of hexadecimal digits, at byte " + std::to_string(text.size()));
  return out;
}

int RunConvert(const ConvertOptions& options) {
  Bytes input = ReadData(options.input);
  std::optional<Format> to = options.to;
  if (options.hex && to != Format::kCbor) {
    // Digits alone are CBOR in this mode; other text can only be JSON.
    auto raw = FromHex(AsText(input));
    if (raw) {
      input = std::move(*raw);
      to = Format::kJson;
    } else if (to == Format::kJson) {
      return Fail("convert", "the input is wrong: " + raw.error(), kExitFailure);
    }
  }
  if (!to) to = GuessFormat(input) == Format::kJson ? Format::kCbor : Format::kJson;
  const auto result = Convert(input, *to, options);
  if (!result) return Fail("convert", result.error(), kExitFailure);
  Write(options, *to, *result);
  return kExitOk;
}

}  // namespace lowband::tools
