// Reassembles fragmented ClientHellos. This is state for addresses that are not proven, so it is
// small and kept for a short time. Only complete ClientHellos are answered, which are longer than
// the answer.
//
//   first fragment ──▶ kept ──the next, in order──▶ … ──the last──▶ whole, as one record
//                       └── kHelloFragmentsLife, or room for another ──▶ dropped
//
// Fragments out of order are dropped: the client retransmits all. When the table is full the oldest
// one is dropped, so an attacker with forged addresses can keep out only clients that fragment.
//
// Threading: one worker thread. Limits: kHelloFragmentsMax of kHelloBytesMax. Spec: RFC 6347
// §4.2.3.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "libs/tls/record.h"

namespace lowband::edge::dtls {

class HelloFragments {
 public:
  struct Added {
    bool kept = false;                      ///< False: it continues no ClientHello, or is too long.
    std::optional<tls::Record> whole = {};  ///< It was the last; valid until the next call.
  };
  /// `record` holds a fragment of a ClientHello, according to ParseClientHello.
  Added Add(TimePoint now, const SocketAddress& from, const tls::Record& record);
  size_t size() const { return partial_.size(); }

 private:
  struct Partial {
    SocketAddress from;
    TimePoint begun;
    Bytes message;       ///< With the header of an unfragmented message.
    size_t whole_bytes;  ///< The final size of `message`.
  };
  using Entry = std::list<Partial>::iterator;

  void Erase(Entry partial);
  Entry Begin(TimePoint now, const SocketAddress& from, ByteView header, size_t whole_bytes);
  tls::Record Whole(const tls::Record& last, Bytes message);

  std::list<Partial> partial_;  ///< The oldest first.
  std::unordered_map<SocketAddress, Entry> by_address_;
  Bytes whole_;
};

}  // namespace lowband::edge::dtls
