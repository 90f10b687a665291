// ClientHellos that come in fragments, put together: what is kept for addresses that nobody has
// proved. So it is little, for a short time, and an answer goes out for whole ones only, which are
// longer than the answer.
//
//   first fragment ──▶ kept ──the next, in order──▶ … ──the last──▶ whole, as one record
//                       └── kHelloFragmentsLife, or room for another ──▶ dropped
//
// Fragments out of their order are dropped: the client sends all of them again. When the table is
// full the oldest goes, so that whoever forges addresses keeps out those alone who fragment.
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
    bool kept = false;                      ///< Else it continues nothing, or is too much.
    std::optional<tls::Record> whole = {};  ///< It was the last; valid until the next call.
  };
  /// `record` holds a ClientHello that ParseClientHello found to be fragmented.
  Added Add(TimePoint now, const SocketAddress& from, const tls::Record& record);
  size_t size() const { return partial_.size(); }

 private:
  struct Partial {
    SocketAddress from;
    TimePoint begun;
    Bytes message;       ///< With its header, as if it had never been cut.
    size_t whole_bytes;  ///< What `message` will have.
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
