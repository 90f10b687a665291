// Answers to /sync of three sizes, in homeservers' form, for measurements of the transcoder.
//
// Threading: any. The same seed gives the same documents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lowband::bench {

/// No news: 187 bytes. `count` documents that differ in their tokens.
std::vector<std::string> IdleSyncs(size_t count, uint64_t seed);
/// One message in one room: about 732 bytes. They differ in room, sender, text and ids.
std::vector<std::string> MessageSyncs(size_t count, uint64_t seed);
/// An initial sync of many rooms with state, receipts and messages in several scripts: about
/// `bytes` of JSON.
std::string LargeSync(size_t bytes, uint64_t seed);

}  // namespace lowband::bench
