#include "libs/transcode/utf8.h"

#include <gtest/gtest.h>

#include <array>

namespace lowband::transcode {
namespace {

TEST(Utf8Prefix, AgreesWithTheValidatorOnEverySequenceOfLeadingBytes) {
  constexpr std::array<uint8_t, 14> kTails = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                              0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xff};
  for (int lead = 0; lead < 256; ++lead) {
    for (uint8_t second : kTails) {
      for (uint8_t third : kTails) {
        for (uint8_t fourth : kTails) {
          const Bytes text = {static_cast<uint8_t>(lead), second, third, fourth};
          for (size_t size = 0; size <= text.size(); ++size) {
            const ByteView view = ByteView(text).first(size);
            ASSERT_EQ(Utf8Prefix(view) == size, IsUtf8(view)) << ToHex(view);
          }
          ASSERT_TRUE(IsUtf8(ByteView(text).first(Utf8Prefix(text))));
        }
      }
    }
  }
}

}  // namespace
}  // namespace lowband::transcode
