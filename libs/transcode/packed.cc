#include "libs/transcode/packed.h"

// The frame format without a magic number, and parameters instead of a level, are no part of the
// stable interface.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "libs/transcode/cbor_head.h"
#include "libs/transcode/cbor_walker.h"
#include "libs/transcode/condense.h"
#include "libs/transcode/dictionary.h"
#include "libs/transcode/limits.h"

namespace lowband::transcode {
namespace {

constexpr uint8_t kBlockForm = 0x01;
constexpr uint8_t kFrameForm = 0x02;
constexpr uint8_t kWithOctets = 0x02;  ///< Added to them: the byte strings stand before.
constexpr uint8_t kArrayFirst = 0x80;  // initial bytes of CBOR arrays and maps
constexpr uint8_t kMapLast = 0xbf;

// RFC 8878 §3.1.1: Frame_Header_Descriptor without flags, Window_Descriptor, Block_Header.
constexpr size_t kFrameHeaderBytes = 2;
constexpr size_t kBlockHeaderBytes = 3;
constexpr size_t kBlockStart = kFrameHeaderBytes + kBlockHeaderBytes;
constexpr uint8_t kDescriptor = 0x00;
constexpr uint8_t kWindow128KiB = 7 << 3;  // an exponent of 7: 2^(10 + 7)
constexpr uint32_t kRleBlock = 1;
constexpr uint32_t kCompressedBlock = 2;
static_assert(ZSTD_BLOCKSIZE_MAX == kPackedBlockBytesMax);

/// Small: the tables of longer documents would take longer to clear than to use.
constexpr size_t kSmallBytesMax = 16 * 1024;
/// Lazy matching, 16 attempts a place. Twice the attempts, or a second place (ZSTD_lazy2), make the
/// recorded documents of docs/bytes.md less than 0.5 % shorter, and take 10 to 30 % longer.
constexpr ZSTD_compressionParameters Effort(unsigned window_log, unsigned chain_log,
                                            unsigned hash_log) {
  return {.windowLog = window_log,
          .chainLog = chain_log,
          .hashLog = hash_log,
          .searchLog = 4,
          .minMatch = 4,
          .targetLength = 8,
          .strategy = ZSTD_lazy};
}
constexpr ZSTD_compressionParameters kSmallEffort = Effort(14, 14, 14);
constexpr ZSTD_compressionParameters kLargeEffort = Effort(17, 16, 17);
/// The first guess of a document's size, as a multiple of its packed size.
constexpr size_t kFirstGuessFactor = 8;
constexpr size_t kGrowthFactor = 4;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// All of these fail only for want of memory.
template <class T>
Owned<T> Made(T* made) {
  if (made == nullptr) std::abort();
  return Owned<T>(made);
}
void Must(size_t code) {
  if (ZSTD_isError(code) != 0) std::abort();
}

Owned<ZSTD_CDict> MakeDictionary(const ZSTD_compressionParameters& effort) {
  return Made(ZSTD_createCDict_advanced(Dictionary().data(), Dictionary().size(), ZSTD_dlm_byRef,
                                        ZSTD_dct_fullDict, effort, ZSTD_defaultCMem));
}

/// Shared by all threads: they are not changed after they were made.
const ZSTD_CDict& DictionaryFor(size_t size) {
  static const Owned<ZSTD_CDict> small = MakeDictionary(kSmallEffort);
  static const Owned<ZSTD_CDict> large = MakeDictionary(kLargeEffort);
  return size <= kSmallBytesMax ? *small : *large;
}

ZSTD_CCtx& Compressor() {
  thread_local const Owned<ZSTD_CCtx> kept = [] {
    auto context = Made(ZSTD_createCCtx());
    Must(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_format, ZSTD_f_zstd1_magicless));
    Must(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0));
    Must(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_dictIDFlag, 0));
    return context;
  }();
  return *kept;
}

ZSTD_DCtx& Decompressor() {
  static const Owned<ZSTD_DDict> dictionary =
      Made(ZSTD_createDDict(Dictionary().data(), Dictionary().size()));
  thread_local const Owned<ZSTD_DCtx> kept = [] {
    auto context = Made(ZSTD_createDCtx());
    Must(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_format, ZSTD_f_zstd1_magicless));
    Must(ZSTD_DCtx_refDDict(context.get(), dictionary.get()));
    return context;
  }();
  return *kept;
}

struct BlockHeader {
  bool last;
  uint32_t type;
  uint32_t size;  ///< Of what it holds; of a block of type RLE_Block, of what that stands for.
};

/// REQUIRES: kBlockHeaderBytes at `in`.
BlockHeader ReadBlockHeader(const uint8_t* in) {
  const uint32_t header = in[0] | uint32_t{in[1]} << 8 | uint32_t{in[2]} << 16;
  return {(header & 1) != 0, header >> 1 & 3, header >> 3};
}

/// One frame such as Compress() makes, and nothing after it. libzstd takes more: several frames,
/// frames to skip, and frames of versions before 1.0, which it reads with the code of these.
bool IsOneFrame(ByteView frame) {
  if (frame.size() < kFrameHeaderBytes || frame[0] != kDescriptor) return false;
  ByteView rest = frame.subspan(kFrameHeaderBytes);
  while (rest.size() >= kBlockHeaderBytes) {
    const BlockHeader block = ReadBlockHeader(rest.data());
    rest = rest.subspan(kBlockHeaderBytes);
    const size_t size = block.type == kRleBlock ? 1 : block.size;
    if (size > rest.size()) return false;
    rest = rest.subspan(size);
    if (block.last) return rest.empty();
  }
  return false;
}

/// A form, and the compressed bytes in it.
struct Compressed {
  uint8_t form;
  Bytes bytes;
};

Compressed Compress(ByteView plain) {
  Bytes out(ZSTD_compressBound(plain.size()));
  Must(ZSTD_CCtx_refCDict(&Compressor(), &DictionaryFor(plain.size())));
  const size_t size =
      ZSTD_compress2(&Compressor(), out.data(), out.size(), plain.data(), plain.size());
  Must(size);
  out.resize(size);
  if (size <= kBlockStart || out[0] != kDescriptor) return {kFrameForm, std::move(out)};
  const BlockHeader block = ReadBlockHeader(out.data() + kFrameHeaderBytes);
  const bool only =
      block.last && block.type == kCompressedBlock && block.size == size - kBlockStart;
  if (!only) return {kFrameForm, std::move(out)};
  out.erase(out.begin(), out.begin() + kBlockStart);
  return {kBlockForm, std::move(out)};
}

/// The document in a frame, or the cause why there is none.
Result<Bytes, Cause> Decompress(ByteView frame, size_t bytes_max) {
  for (size_t room = std::min(bytes_max, frame.size() * kFirstGuessFactor);;
       room = std::min(bytes_max, room * kGrowthFactor)) {
    Bytes plain(room);
    const size_t size = ZSTD_decompressDCtx(&Decompressor(), plain.data(), plain.size(),
                                            frame.data(), frame.size());
    if (ZSTD_isError(size) == 0) {
      plain.resize(size);
      return plain;
    }
    if (ZSTD_getErrorCode(size) != ZSTD_error_dstSize_tooSmall) return Failure(Cause::kSyntax);
    if (room == bytes_max) return Failure(Cause::kTooLarge);
  }
}

Result<Bytes, Cause> DecompressFrame(ByteView frame, size_t bytes_max) {
  if (!IsOneFrame(frame)) return Failure(Cause::kSyntax);
  return Decompress(frame, bytes_max);
}

Result<Bytes, Cause> DecompressBlock(ByteView block, size_t bytes_max) {
  if (block.size() > kPackedBlockBytesMax) return Failure(Cause::kSyntax);
  const uint32_t header = static_cast<uint32_t>(block.size()) << 3 | kCompressedBlock << 1 | 1;
  Bytes frame = {kDescriptor, kWindow128KiB, static_cast<uint8_t>(header),
                 static_cast<uint8_t>(header >> 8), static_cast<uint8_t>(header >> 16)};
  Append(frame, block);
  return Decompress(frame, std::min(bytes_max, kPackedBlockBytesMax));
}

/// Takes a CBOR byte string from the front of `rest`; none: it is none.
std::optional<ByteView> TakeByteString(ByteView& rest) {
  CborWalker walker(rest);
  const auto head = walker.ReadHead();
  if (!head || head->major() != Major::kBytes) return std::nullopt;
  const auto string = walker.ReadString(*head);
  rest = rest.subspan(walker.at());
  return string;
}

/// The compressed form of a document.
Bytes PackCompressed(const Condensed& condensed) {
  Compressed items = Compress(condensed.items);
  Bytes packed;
  packed.reserve(1 + kHeadBytesMax + condensed.octets.size() + items.bytes.size());
  if (condensed.octets.empty()) {
    packed.push_back(items.form);
  } else {
    packed.push_back(items.form + kWithOctets);
    AppendHead(packed, Major::kBytes, condensed.octets.size());
    Append(packed, condensed.octets);
  }
  Append(packed, items.bytes);
  return packed;
}

bool IsContainer(uint8_t initial) { return initial >= kArrayFirst && initial <= kMapLast; }

}  // namespace

std::optional<Bytes> Pack(ByteView cbor) {
  const auto condensed = Condense(cbor);
  if (!condensed) return std::nullopt;
  Bytes packed = PackCompressed(*condensed);
  const size_t in_place = condensed->items.size() + condensed->octets.size();
  if (packed.size() >= in_place && IsContainer(condensed->items[0])) packed = condensed->InPlace();
  if (packed.size() >= cbor.size()) return std::nullopt;
  return packed;
}

Result<Bytes, Error> Unpack(ByteView packed, size_t bytes_max) {
  if (packed.empty()) return Failure(Error{Cause::kTruncated, 0});
  Bytes cbor;
  const auto expanded = [&](Result<void, Error> done) -> Result<Bytes, Error> {
    if (!done) return Failure(done.error());
    return std::move(cbor);
  };
  if (IsContainer(packed[0])) return expanded(Expand(packed, bytes_max, cbor));
  uint8_t form = packed[0];
  ByteView rest = packed.subspan(1);
  ByteView octets;
  if (form == kBlockForm + kWithOctets || form == kFrameForm + kWithOctets) {
    form -= kWithOctets;
    const auto string = TakeByteString(rest);
    if (!string) return Failure(Error{Cause::kTruncated, 0});
    octets = *string;
  }
  if (form != kBlockForm && form != kFrameForm) return Failure(Error{Cause::kSyntax, 0});
  const auto items =
      form == kBlockForm ? DecompressBlock(rest, bytes_max) : DecompressFrame(rest, bytes_max);
  if (!items) return Failure(Error{items.error(), 0});
  return expanded(Expand(*items, octets, bytes_max, cbor));
}

}  // namespace lowband::transcode
