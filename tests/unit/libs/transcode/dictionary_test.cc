#include "libs/transcode/dictionary.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>

#include <array>

#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

// Both ends must have the same: whoever changes it needs another Content-Format.
TEST(Dictionary, NeverChanges) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(Dictionary().data(), Dictionary().size(), digest.data());
  EXPECT_EQ(ToHex(ByteView(digest).first(4)), kDictionaryVersion);
}

TEST(Dictionary, IsOneOfZstdAndSmall) {
  EXPECT_EQ(ZDICT_getDictID(Dictionary().data(), Dictionary().size()), 1u);
  const size_t header = ZDICT_getDictHeaderSize(Dictionary().data(), Dictionary().size());
  ASSERT_FALSE(ZDICT_isError(header));
  EXPECT_EQ(header + DictionaryContents().size(), Dictionary().size());
  EXPECT_LE(DictionaryContents().size(), kDictionaryBytesMax);
}

}  // namespace
}  // namespace lowband::transcode
